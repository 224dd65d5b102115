"""`hptc lsp`: the compiler as a language server. No other package imports pygls."""

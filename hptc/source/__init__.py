"""Text to a Document: YAML 1.2 with spans, templates, suppressions; files on disk and in git."""

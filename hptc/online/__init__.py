"""What only an account can tell of a compiled search: `hptc check --online`."""

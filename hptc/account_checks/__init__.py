"""What only the account can tell: the checks of `hptc check --online`."""

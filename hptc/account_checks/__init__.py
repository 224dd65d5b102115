"""The checks of `hptc check --online`, which need an AWS account."""

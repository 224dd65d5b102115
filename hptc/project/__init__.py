"""hptc.yaml: environments, defaults, policy, infrastructure choices, and existing resources."""

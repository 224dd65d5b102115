"""A tuning job that runs on this machine: the same request, the same service interface."""

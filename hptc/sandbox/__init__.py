"""A local AWS endpoint on one loopback port, for demos and tests."""

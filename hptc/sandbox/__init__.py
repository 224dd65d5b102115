"""A local AWS endpoint on one loopback port, for demonstrations and tests."""

"""Builds the docs site and draws its pictures: `make docs`, `make pictures`."""

"""What builds the docs site and its pictures: `make docs`, `make pictures`."""

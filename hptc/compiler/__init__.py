"""Compiles files to checked requests; pipeline.py shows all stages on one page."""

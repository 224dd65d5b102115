"""Files to checked requests; pipeline.py is the whole of it on one page."""

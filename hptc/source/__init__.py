"""Reads YAML 1.2 with spans, templates and suppressions, from files on disk and in git."""

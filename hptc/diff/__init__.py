"""Compares two compiled versions of a project by meaning, not by text."""

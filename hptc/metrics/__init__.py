"""Metric definitions on training logs."""

"""Tests metric definitions on training logs."""

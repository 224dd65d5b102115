"""Benchmarks. Speed is printed as ratios, and never asserted."""

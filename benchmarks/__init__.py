"""Benchmarks, a fuzzer and a mutation sampler. Speed is printed as ratios, and never asserted."""

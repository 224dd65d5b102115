"""A fuzzer: hostile inputs, which hptc must refuse or explain."""

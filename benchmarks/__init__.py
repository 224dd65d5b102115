"""What the speed claims are measured with: ratios from one run, printed, never asserted."""

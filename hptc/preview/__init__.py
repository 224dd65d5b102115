"""What a tuning job would do: grids, brackets, waves and first configurations."""

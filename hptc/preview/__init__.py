"""Previews of tuning jobs: grids, brackets, waves and first configurations."""

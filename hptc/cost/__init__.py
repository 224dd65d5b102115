"""The cost of tuning jobs: upper bounds and forecasts."""

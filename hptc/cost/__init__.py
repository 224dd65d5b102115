"""What a tuning job may cost: upper bounds and forecasts."""

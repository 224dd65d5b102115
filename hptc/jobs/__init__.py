"""Decides, submits and plans tuning jobs, and reads their history."""

"""The search: pure functions that propose configurations, and decide what stops and when."""

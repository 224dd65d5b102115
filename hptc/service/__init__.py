"""The interface of a tuning service, and its result types."""

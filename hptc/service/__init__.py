"""What a tuning service is: an interface and its result types."""

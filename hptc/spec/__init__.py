"""The pydantic models of what people write in a tuning spec."""

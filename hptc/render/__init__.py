"""Results to text: pure functions, one module for each kind of result."""

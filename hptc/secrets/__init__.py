"""Values that are secrets: their formats, and how to hide them in text that is shown."""

"""A review as the one comment of a pull request."""

"""Posts a review as the one comment on a pull request."""

"""What `--format json` prints: the envelope, the members of each document, and their schemas."""

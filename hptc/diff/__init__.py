"""What a change means: compares two compiled versions of a project, not their text."""

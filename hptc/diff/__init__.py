"""What a change means: two compiled specs in, changes of meaning out. Text never counts."""

"""The run folder, its book and its manifest."""

"""Makes scattered customer files of an invented company together with the truth about every cell."""

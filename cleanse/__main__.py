"""``python -m cleanse``."""

from cleanse.cli import main

main()

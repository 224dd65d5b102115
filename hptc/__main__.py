"""`python -m hptc`."""

from hptc.cli import main

main()

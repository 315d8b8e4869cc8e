"""`python -m verenigingen.standalone` is the program `verenigingen`."""

from verenigingen.standalone.cli import main

main()

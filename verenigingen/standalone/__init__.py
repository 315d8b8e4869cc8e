"""The stand-alone program: one line of wiring around the same doors and services."""

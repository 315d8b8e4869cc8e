"""Public doors; thin by design."""

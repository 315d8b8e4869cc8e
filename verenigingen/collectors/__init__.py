"""One source per file: how to read it, nothing else."""

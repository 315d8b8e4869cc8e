"""Runs one benchmark, shows what it prints, and keeps that as its section of benchmarks/RESULTS.md.

Usage: python -m benchmarks.results NAME [ARGUMENTS…]. Sections of other benchmarks stay as they are; a benchmark that
fails leaves its section as it was, and its exit code is passed on.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
HEAD = "# Results of `make bench`\n\nEach section is what the benchmark of that name printed last.\n"


def with_section(text: str, name: str, printed: str, machine: str) -> str:
	"""The text of RESULTS.md with the section of one benchmark replaced or added; sections stand in order of name."""
	found = dict(re.findall(r"(?ms)^## (\S+)\n(.*?)(?=^## |\Z)", text))
	found[name] = f"{machine}\n\n```text\n{printed.strip()}\n```"
	sections = [f"## {title}\n\n{found[title].strip()}\n" for title in sorted(found)]
	return "\n".join([HEAD, *sections])


def main() -> None:
	"""Runs the benchmark named on the command line."""
	name, *arguments = sys.argv[1:]
	command = [sys.executable, "-u", "-m", f"benchmarks.{name}", *arguments]
	running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
	assert running.stdout is not None
	lines = []
	for line in running.stdout:
		print(line, end="", flush=True)
		lines.append(line)
	if running.wait():
		raise SystemExit(running.returncode)
	machine = f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores" + (
		f", with {' '.join(arguments)}." if arguments else "."
	)
	kept = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
	RESULTS.write_text(with_section(kept, name, "".join(lines), machine), encoding="utf-8")


if __name__ == "__main__":
	main()

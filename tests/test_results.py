"""What benchmarks printed is kept, each in its own section."""

from benchmarks.results import HEAD, with_section


def test_a_benchmark_replaces_its_own_section_and_no_other() -> None:
	text = with_section("", "spikes", "| F1 | .7 |", "A machine.")
	assert text.startswith(HEAD) and "## spikes\n\nA machine.\n\n```text\n| F1 | .7 |\n```\n" in text
	both = with_section(text, "grouping", "first\n", "A machine.")
	assert both.index("## grouping") < both.index("## spikes")
	again = with_section(both, "grouping", "second", "A machine.")
	assert "first" not in again and "second" in again and again.count("## ") == 2
	assert with_section(again, "grouping", "second", "A machine.") == again

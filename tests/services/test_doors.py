"""Arguments as they come from the web and from scripts, at a real door."""

from __future__ import annotations

import pytest

from verenigingen.exceptions import BadArgument
from verenigingen.host import Host
from verenigingen.services import analytics
from verenigingen.utils.analytics_engine import analyze_error_patterns


@pytest.mark.parametrize(
	"days",
	[0, -1, 3651, "abc", "", "1_0", "٣", float("nan"), True, [], 10**9, 10**5000, "9" * 41, "days"],
	ids=lambda value: str(value)[:12] if not isinstance(value, int) or value < 10**10 else "huge",
)
def test_days_outside_the_range_are_refused_by_name_and_range(host: Host, days: object) -> None:
	with pytest.raises(BadArgument, match="days must be a whole number from 1 to 3650"):
		analyze_error_patterns(days=days)


@pytest.mark.parametrize("days", [7, "7", "7.0", " 7 ", 7.0])
def test_days_of_any_spelling(host: Host, days: object) -> None:
	assert analyze_error_patterns(days=days)["analysis_period"] == "7 days"


def test_an_analysis_that_would_not_fit_in_memory_is_refused_with_what_would(
	host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
	monkeypatch.setattr(analytics, "MOST_CELLS", 48 * 3 * 10)
	analytics._refuse_too_large(3, 10)
	with pytest.raises(BadArgument, match="ask for at most 10 days"):
		analytics._refuse_too_large(3, 11)

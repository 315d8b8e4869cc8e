"""Error analytics as pure functions: which error an event is, and what a window of errors tells."""

from __future__ import annotations

from .classify import CATEGORIES, SEVERITIES
from .fingerprint import ALGORITHM
from .health import health_statement
from .hotspots import Facets, find_hotspots
from .identity import Identity, examine, identify, lasting_clues, sample
from .link import Link, Linker
from .patterns import analyse_patterns
from .rules import Rule, Rules, Subject, read_rule, read_rules
from .severity import rank_severity
from .state import History, Judgement, judge
from .window import ErrorWindow, IssueFacts, UserCount

__all__ = [
	"ALGORITHM",
	"CATEGORIES",
	"SEVERITIES",
	"ErrorWindow",
	"Facets",
	"History",
	"Identity",
	"IssueFacts",
	"Judgement",
	"Link",
	"Linker",
	"Rule",
	"Rules",
	"Subject",
	"UserCount",
	"analyse_patterns",
	"examine",
	"find_hotspots",
	"health_statement",
	"identify",
	"judge",
	"lasting_clues",
	"rank_severity",
	"read_rule",
	"read_rules",
	"sample",
]

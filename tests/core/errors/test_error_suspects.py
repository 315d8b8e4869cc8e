"""Suspect changes: what is near, rare and related comes first, and what cannot be known is said."""

from __future__ import annotations

from datetime import datetime, timedelta

from verenigingen.core.errors.suspects import (
	APP_VERSION,
	BASELINE,
	LISTED,
	PATCHES,
	SITE_CONFIG,
	Change,
	Error,
	rank,
	said_change,
	statement,
)

ONSET = datetime(2026, 11, 3, 10)
HOUR = timedelta(hours=1)


def error(text: str = "KeyError: annual_fee", category: str = "code_defect", *doctypes: str) -> Error:
	return Error(ONSET, "club", category, text, frozenset(doctypes))


def change(kind: str, subject: str, hours: float, **more: object) -> Change:
	return Change(kind, subject, "changed", ONSET - hours * HOUR, **more)  # type: ignore[arg-type]


def first(error: Error, *changes: Change) -> Change:
	return rank(error, changes)[0].change


def test_only_what_came_before_within_two_days_is_suspected() -> None:
	changes = [change("Role", "after", -0.1), change("Role", "old", 49), change("Role", "in", 47)]
	assert [found.change.subject for found in rank(error(), changes)] == ["in"]


def test_of_equals_the_nearer_is_first_and_weight_decays() -> None:
	found = rank(error(), [change("Server Script", f"s{hours}", hours) for hours in (40, 1, 12)])
	assert [item.change.subject for item in found] == ["s1", "s12", "s40"]
	assert found[0].score > 1.5 * found[1].score > 4 * found[2].score


def test_the_app_of_the_culprit_goes_before_a_nearer_one_of_another_app() -> None:
	ours = change(APP_VERSION, "club", 5, app="club", before="1.3.0", after="1.4.0")
	other = change(APP_VERSION, "webshop", 1, app="webshop")
	found = rank(error(), [other, ours])
	assert found[0].change is ours
	assert "it is the app the error is in (club)" in found[0].evidence
	assert "another app than the error's (club)" in found[1].evidence


RELATED = [
	("DocType of the events", error("x", "other", "Sales Invoice"), {"doctype": "Sales Invoice"}),
	("DocType in the text", error("no Sales Invoice found"), {"doctype": "Sales Invoice"}),
	("DocType as a module", error("in club/doctype/sales_invoice/x"), {"doctype": "Sales Invoice"}),
	("field in the text", error("KeyError: 'number_format'"), {"fields": ("number_format",)}),
	("rights", error("no permission", "permission"), {}),
]


def test_what_the_error_is_about_goes_before_what_is_nearer() -> None:
	for name, about, more in RELATED:
		related = change("User" if not more else "Property Setter", "x", 6, **more)
		near = change("Property Setter", "other-main-y", 3, doctype="Note")
		assert first(about, near, related) is related, name


def test_common_words_and_parts_of_words_relate_nothing() -> None:
	about = error("ValueError: options of the membership are wrong")
	for loose in (
		change("Custom Field", "Note-options", 1, doctype="Note", fields=("options",)),
		change("Role", "Member", 1),
	):
		assert not any("names" in said for said in rank(about, [loose])[0].evidence), loose


def test_a_custom_field_is_related_by_its_name() -> None:
	field = change("Custom Field", "Member-custom_region", 30, doctype="Member")
	found = rank(
		error("AttributeError: no attribute custom_region"), [field, change("Role", "Treasurer", 20)]
	)
	assert found[0].change is field
	assert "the error names custom_region" in found[0].evidence


def test_what_changes_all_the_time_proves_little() -> None:
	often = [change("User", f"u{n}", n / 2, fields=("roles",)) for n in range(1, 300)]
	rare = change("Workflow", "Approval", 8)
	found = rank(error(), [*often, rare])
	assert found[0].change is rare
	assert "298 others of this kind in the 14 days before" in found[1].evidence
	assert len(found) == LISTED


def test_a_change_of_an_interval_that_holds_the_onset_is_suspected() -> None:
	held = change(SITE_CONFIG, "mail_server", -0.25, earliest=ONSET - 0.75 * HOUR)
	later = change(SITE_CONFIG, "other", -2, earliest=ONSET + HOUR)
	found = rank(error(), [held, later])
	assert [item.change for item in found] == [held]
	assert found[0].evidence[0] == "within the 60 minutes in which the error began"


def test_what_changed_several_times_is_listed_once() -> None:
	script = [change("Server Script", "Check", hours) for hours in (1, 2, 60)]
	found = rank(error(), [*script, change("Role", "Treasurer", 1)])
	assert [(item.change.subject, item.change.when) for item in found] == [
		("Check", ONSET - HOUR),
		("Treasurer", ONSET - HOUR),
	]
	assert "1 more change of it within these hours" in found[0].evidence


def test_the_order_of_the_input_plays_no_part() -> None:
	changes = [change("Role", f"r{n}", n % 3) for n in range(30)]
	assert rank(error(), changes) == rank(error(), changes[::-1])


def test_statements() -> None:
	since = ONSET - BASELINE
	patch = Change(PATCHES, "club", "ran", ONSET - HOUR, ONSET - 1.1 * HOUR, app="club", count=3)
	said = statement(rank(error(), [patch]), ONSET, since, [])
	assert said == "3 patches of club ran 60 minutes to 66 minutes before it began."
	assert statement([], ONSET, since, []) == "Nothing changed on record in the 48 h before."
	assert statement([], ONSET, None, []) == "Unknown: no change of this site is on record."
	late = statement([], ONSET, ONSET + HOUR, ["migrations"])
	assert late.startswith("Unknown: changes are recorded since 2026-11-03 11:00 only")
	assert late.endswith("(not on record: migrations).")


def test_versions_are_told_values_of_the_config_are_not() -> None:
	version = change(APP_VERSION, "club", 1, app="club", before="1.3.0", after="1.4.0")
	assert said_change(version) == "App Version club went from 1.3.0 to 1.4.0"
	assert said_change(change(SITE_CONFIG, "mail_server", 1)) == "Site Config mail_server was changed"

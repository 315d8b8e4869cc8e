"""Bodies of answers logged as the message: pages and objects group by what they say, whatever the title."""

from __future__ import annotations

import json

import pytest

from verenigingen.core.errors import identify
from verenigingen.core.errors.body import BODY_LIMIT, said_in
from verenigingen.core.errors.normalise import normalise


def nginx(status: str, server: str = "nginx/1.18.0 (Ubuntu)", end: str = "\r\n") -> str:
	return end.join(
		(
			"<html>",
			f"<head><title>{status}</title></head>",
			"<body>",
			f"<center><h1>{status}</h1></center>",
			f"<hr><center>{server}</center>",
			"</body>",
			"</html>",
			"<!-- a padding to disable MSIE and Chrome friendly error page -->",
		)
	)


def apache(reason: str, path: str = "/api/members", port: int = 443) -> str:
	return (
		'<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>502 Proxy Error</title>\n</head><body>\n'
		"<h1>Proxy Error</h1>\n<p>The proxy server received an invalid\r\nresponse from an upstream server.<br />\r\n"
		f'The proxy server could not handle the request <em><a href="{path}">GET&nbsp;{path}</a></em>.<p>\n'
		f"Reason: <strong>{reason}</strong></p></p>\n<hr>\n"
		f"<address>Apache/2.4.41 (Ubuntu) Server at api.bank.example Port {port}</address>\n</body></html>\n"
	)


def cloudflare(code: int, words: str, ray: str, city: str, when: str) -> str:
	return (
		'<!DOCTYPE html>\n<!--[if lt IE 7]> <html class="no-js ie6 oldie" lang="en-US"> <![endif]-->\n<head>\n'
		f"<title>pay.example | {code}: {words}</title>\n<style>body {{ margin: 0 }}</style>\n</head>\n<body>\n"
		f'<h1 class="inline-block"><span class="a">{words}</span>\n<span class="b">Error code {code}</span></h1>\n'
		f"<div>{when}</div>\n<span>You</span><span>Browser</span><span>{city}</span>\n<h2>What happened?</h2>\n"
		f"<p>The web server reported a problem.</p>\n<span>Cloudflare Ray ID: <strong>{ray}</strong></span>\n"
		f"<script>window.x = '{ray}';</script></body>\n</html>\n"
	)


BAD_GATEWAY = "502 Bad Gateway"
ONE = [
	("versions of the server", nginx(BAD_GATEWAY), nginx(BAD_GATEWAY, "nginx", "\n")),
	(
		"paths",
		apache("Error reading from remote server"),
		apache("Error reading from remote server", "/api/dues?page=7"),
	),
	(
		"rays, cities and times",
		cloudflare(522, "Connection timed out", "7a1b2c3d4e5f6a7b", "Amsterdam", "2026-03-01 10:00:00 UTC"),
		cloudflare(522, "Connection timed out", "9f8e7d6c5b4a3b2c", "Zwolle", "2026-04-02 23:59:59 UTC"),
	),
	(
		"order of keys",
		'{"status": 422, "title": "Unprocessable Entity", "detail": "The amount is too high"}',
		'{"detail": "The amount is too high", "title": "Unprocessable Entity", "status": 422, "_links": {"self": "https://x.example/1"}}',
	),
	(
		"ids and times",
		json.dumps({"error": {"message": "No such charge: ch_1", "request_id": "req_8"}, "at": 17}),
		json.dumps({"error": {"message": "No such charge: ch_9", "request_id": "req_9"}, "at": 18}, indent=2),
	),
	(
		"objects in objects",
		'{"fault": {"faultstring": "Invalid access token", "detail": {"errorcode": "keymanagement.InvalidToken"}}}',
		'{"fault":{"detail":{"errorcode":"keymanagement.InvalidToken"},"faultstring":"Invalid access token"}, "id": 3}',
	),
	(
		"JSON in JSON",
		json.dumps({"_server_messages": json.dumps([json.dumps({"message": "Member 7 is blocked"})])}),
		json.dumps(
			{"_server_messages": json.dumps([json.dumps({"message": "Member 123 is blocked"})]), "exc": ""}
		),
	),
	(
		"as Python writes it",
		"{'error': 'invalid_grant', 'error_description': 'Token has been revoked', 'at': None}",
		'{"error": "invalid_grant", "error_description": "Token has been revoked"}',
	),
	(
		"cut",
		'{"code": "no_funds", "message": "The account holds too little", "trace": "' + "a1" * 40,
		'{"code": "no_funds", "message": "The account holds too little", "trace": "' + "b2" * 30,
	),
	(
		"behind a heading",
		'Bank said: {"message": "Collection 12 was refused", "id": 1}',
		'Bank said: {"message": "Collection 99 was refused", "id": 2}',
	),
	(
		"XML",
		"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>The key does not exist.</Message><RequestId>A1</RequestId></Error>",
		"<?xml version='1.0'?><Error><Code>NoSuchKey</Code><Message>The key does not exist.</Message><RequestId>B2</RequestId></Error>",
	),
]
APART = [
	("two states", nginx(BAD_GATEWAY), nginx("504 Gateway Time-out")),
	("two reasons", apache("Error reading from remote server"), apache("DNS lookup failure for: bank")),
	("two messages under one word", '{"error": "Bad Request", "message": "The amount is too high"}', '{"error": "Bad Request", "message": "The mandate is missing"}'),
	("two fields", '{"iban": ["This field is required."]}', '{"postcode": ["This field is required."]}'),
	("two pages of Cloudflare", cloudflare(522, "Connection timed out", "a", "b", "c"), cloudflare(521, "Web server is down", "a", "b", "c")),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), [row[1:] for row in ONE], ids=[row[0] for row in ONE])
def test_one_error_whatever_the_title_and_column(first: str, second: str) -> None:
	found = identify("Payment webhook", first)
	assert found.fingerprint == identify("Nightly sync of members failed", second).fingerprint, (
		found.title,
		identify("", second).title,
	)
	assert found.fingerprint == identify(second, "Payment webhook").fingerprint


@pytest.mark.parametrize(("first", "second"), [row[1:] for row in APART], ids=[row[0] for row in APART])
def test_errors_of_their_own(first: str, second: str) -> None:
	assert identify("Payment webhook", first).fingerprint != identify("Payment webhook", second).fingerprint


@pytest.mark.parametrize("body", [row[2] for row in ONE] + [row[2] for row in APART])
def test_the_message_of_an_exception_is_read_in_the_same_way(body: str) -> None:
	def raised(text: str) -> str:
		return (
			'Traceback (most recent call last):\n  File "apps/crm/crm/pay.py", line 9, in collect\n'
			f"    raise BankError(answer.text)\ncrm.pay.BankError: {text}\n"
		)

	said = said_in(body)
	assert said is not None
	title = identify(None, raised(body)).title
	assert title.rstrip("…").startswith(f"BankError: {normalise(said.text)}"[:100])


def test_a_body_that_says_little_needs_its_title() -> None:
	body = '{"message": "Forbidden"}'
	assert identify("Mollie", body).fingerprint != identify("Exact", body).fingerprint


@pytest.mark.parametrize(
	"text", ["a {b} c", "x < y", "[1, 2]", "{", "<", "set {'a'} is not a list", "<3 members", ""]
)
def test_other_text_is_no_body(text: str) -> None:
	assert said_in(text) is None


@pytest.mark.parametrize("text", ["<html>" + "<" * 70_000, "<html>" + "<p>" * 30_000, '{"a": "' * 9_000, "[" * 70_000, "<?xml" + "<a>" * 30_000,
	'{"message": ' * 6_000, "<html><script>" * 6_000, "&lt;html&gt;" + "&#" + "9" * 60_000])  # fmt: skip
def test_hostile_bodies_end(text: str) -> None:
	assert len(text) < 2 * BODY_LIMIT
	assert identify("Webhook", text).fingerprint

"""Writes texts with planted personal data: every type in prose, reprs, JSON, SQL and URLs. Invented persons only.

The words around a value are composed from parts, and other fields stand before and behind it, so that no detector can
lean on one sentence. Nothing here is shared with the detectors.
"""

from __future__ import annotations

import base64
import json
import random
import string
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from stdnum import iban, luhn


class Sample(NamedTuple):
	"""A text and what must be gone from it: the values in the form in which the text holds them."""

	kind: str
	form: str
	text: str
	planted: tuple[str, ...]


GIVEN = (
	"Jan Piet Marieke Fatima Björn Zoë Noémie Søren Łukasz Ayşe Maarten Liselotte Jean-Luc Anne-Fleur Mohammed Wietske Thijs"
	" Chantal Dirk Geertje Quirijn Ilse Sybren Tjitske Xander Yfke Koen Renske"
).split()
FAMILY = (
	"Jansen|de Vries|van der Meulen|Ó Briain|van 't Hof|Bakker|Müller|de la Fuente|El Amrani|Visser-de Boer|Groeneveld|Ypma|"
	"ten Brinke|van den Heuvel|Çelik|Nguyễn|Hoekstra|op den Kamp|Schouten|Wójcik|d'Hondt|Smit|in 't Veld|Terpstra"
).split("|")
BANKS = "ABNA INGB RABO SNSB TRIO KNAB BUNQ ASNB REVO".split()
COUNTRIES = {
	"DE": 18,
	"BE": 12,
	"FR": 23,
	"AT": 16,
	"ES": 20,
	"IT": 23,
	"PL": 24,
	"PT": 21,
	"CH": 17,
	"LU": 16,
}
LETTERS = string.ascii_letters + string.digits


def make_iban(rng: random.Random) -> str:
	if rng.random() < 0.6:
		country, body = "NL", rng.choice(BANKS) + "".join(rng.choices(string.digits, k=10))
	else:
		country = rng.choice(sorted(COUNTRIES))
		body = "".join(rng.choices(string.digits, k=COUNTRIES[country]))
		if country == "IT":
			body = rng.choice(string.ascii_uppercase) + body[1:]
	return country + iban.calc_check_digits(f"{country}00{body}") + body


def iban_as_written(rng: random.Random) -> str:
	number = make_iban(rng)
	way = rng.randrange(4)
	if way == 0:
		return " ".join(number[i : i + 4] for i in range(0, len(number), 4))
	return number.lower() if way == 1 else number


def make_mail(rng: random.Random) -> str:
	user = rng.choice(GIVEN).lower().encode("ascii", "ignore").decode() or "lid"
	mark = rng.choice(("", ".", "_", "-", "+"))
	host = rng.choice(
		("example.org", "mail.example.com", "vereniging.example", "post.thuis.example", "x-y.example.nl")
	)
	return f"{user}{mark}{rng.randrange(1000)}@{host}"


def make_phone(rng: random.Random) -> str:
	eight = "".join(rng.choices(string.digits, k=8))
	area = rng.choice(("010", "020", "030", "040", "050", "070"))
	local = rng.choice("234567") + eight[:6]
	return rng.choice(
		(
			f"06{eight}",
			f"06-{eight}",
			f"06 {eight[:4]} {eight[4:]}",
			f"06 {eight[:2]} {eight[2:4]} {eight[4:6]} {eight[6:]}",
			f"+316{eight}",
			f"+31 6 {eight}",
			f"+31 (0)6 {eight}",
			f"00316{eight}",
			f"{area}-{local}",
			f"({area}) {local}",
			f"{area} {local[:3]} {local[3:5]} {local[5:]}",
			f"+31 {area[1:]} {local}",
			f"+49 30 {eight}",
			f"+32 4{eight[:2]} {eight[2:4]} {eight[4:6]} {eight[6:]}",
			f"+44 7{eight[:3]} {eight[3:]}1",
		)
	)


def make_bsn(rng: random.Random) -> str:
	while True:
		digits = [rng.randrange(1, 10), *(rng.randrange(10) for _ in range(7))]
		check = sum(digit * weight for digit, weight in zip(digits, range(9, 1, -1), strict=True)) % 11
		if check < 10:
			return "".join(map(str, digits)) + str(check)


def make_postcode(rng: random.Random) -> str:
	letters = "".join(rng.choices("ABCDEGHJKLMNPRTVWXZ", k=2))
	return f"{rng.randrange(1000, 10000)}{rng.choice(('', ' '))}{letters}"


def make_ip(rng: random.Random) -> str:
	if rng.random() < 0.7:
		return ".".join(str(rng.randrange(1, 255)) for _ in range(4))
	tail = ":".join(f"{rng.randrange(1, 65536):x}" for _ in range(rng.randrange(1, 5)))
	return rng.choice(("2001:db8", "fd00", "2a02:a45")) + "::" + tail


def make_card(rng: random.Random) -> str:
	head, length = rng.choice((("4", 16), ("51", 16), ("2221", 16), ("37", 15), ("6011", 16)))
	body = head + "".join(rng.choices(string.digits, k=length - len(head) - 1))
	number = body + luhn.calc_check_digit(body)
	if length == 15 or rng.random() < 0.4:
		return number
	return rng.choice((" ", "-")).join(number[i : i + 4] for i in range(0, 16, 4))


def make_jwt(rng: random.Random) -> str:
	def part(value: object) -> str:
		return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

	payload = {"sub": rng.randrange(10**6), "name": rng.choice(GIVEN)}
	return (
		f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(payload)}.{''.join(rng.choices(LETTERS + '-_', k=43))}"
	)


def make_secret(rng: random.Random) -> str:
	way = rng.randrange(4)
	if way == 0:
		return "".join(rng.choices("0123456789abcdef", k=rng.choice((15, 32, 40))))
	if way == 1:
		word = rng.choice(("Welkom", "Geheim", "Zomer", "Fiets"))
		return f"{word}{rng.randrange(10, 10_000)}{rng.choice('!#$*')}"
	return "".join(rng.choices(LETTERS, k=rng.randrange(10, 40)))


MONTHS = "januari februari maart april mei juni juli augustus september oktober november december".split()


def make_birthdate(rng: random.Random) -> str:
	day = date(1930, 1, 1) + timedelta(days=rng.randrange(29_000))
	return rng.choice(
		(
			day.isoformat(),
			f"{day:%d-%m-%Y}",
			f"{day.day}-{day.month}-{day.year}",
			f"{day:%d/%m/%Y}",
			f"{day.day} {MONTHS[day.month - 1]} {day.year}",
			f"{day:%d.%m.%Y}",
		)
	)


FIELDS = {
	"mail": ("email", "email_id", "e_mailadres", "contact_email", "owner"),
	"iban": ("iban", "bank_account", "rekeningnummer", "debtor_account", "value"),
	"phone": ("phone", "mobile_no", "telefoonnummer", "mobiel", "phone_number"),
	"bsn": ("bsn", "burgerservicenummer", "member_bsn", "sofinummer"),
	"postcode": ("postcode", "postal_code", "pincode", "zip_code"),
	"ip": ("client_ip", "ip_address", "remote_addr", "host"),
	"card": ("card_number", "pan", "kaartnummer", "value"),
	"jwt": ("access_token", "id_token", "jwt", "session"),
	"secret": (
		"password",
		"api_secret",
		"new_password",
		"client_secret",
		"access_token",
		"wachtwoord",
		"api_key",
		"webhook_secret",
	),
	"birthdate": ("birth_date", "geboortedatum", "date_of_birth", "dob", "birthday"),
}
SENTENCES = {
	"mail": ("Delivery to {} failed", "{} asked for a new card", "Bericht aan {}, geen antwoord"),
	"iban": (
		"IBAN {} is not valid",
		"Incasso van {} gestorneerd",
		"Account {}: insufficient funds",
		"betaald vanaf {}.",
	),
	"phone": ("Call {} back", "SMS to {} was refused", "bereikbaar op {}, na zessen", "tel. {}"),
	"bsn": ("BSN {} staat er al", "burgerservicenummer {} is dubbel", "Member with bsn: {} not found"),
	"postcode": (
		"{} 12 not found",
		"postcode {} bestaat niet",
		"Lindelaan 7, {} Utrecht",
		"huis op {} 114B",
	),
	"ip": ("Too many requests from {}", "{} denied", "login via {} mislukt"),
	"card": ("Card {} declined", "kaart {} is verlopen", "refund to {} done"),
	"jwt": ("Authorization: Bearer {}", "bad token {}", "decode of {} failed"),
	"secret": (
		"login with password: {}",
		"Authorization: Bearer {}",
		"api_key={} was refused",
		"wachtwoord = {}",
		"secret: {}",
	),
	"birthdate": (
		"geboren op {}",
		"date of birth {} lies ahead",
		"geboortedatum: {} klopt niet",
		"born {}, minor",
	),
}
MAKERS: dict[str, Callable[[random.Random], str]] = {
	"mail": make_mail,
	"iban": iban_as_written,
	"phone": make_phone,
	"bsn": make_bsn,
	"postcode": make_postcode,
	"ip": make_ip,
	"card": make_card,
	"jwt": make_jwt,
	"secret": make_secret,
	"birthdate": make_birthdate,
}
OTHER = (
	("doctype", "Sales Invoice"),
	("name", "ACC-SINV-2024-52020"),
	("amount", 42.89),
	("docstatus", 1),
	("retry", None),
)
FORMS = ("prose", "repr", "json", "sql", "url")


def wrapped(rng: random.Random, kind: str, form: str, value: str) -> tuple[str, str]:
	"""(the text, the value as it stands in it)."""
	field = rng.choice(FIELDS[kind])
	before, after = dict(rng.sample(OTHER, 2)), dict(rng.sample(OTHER, 1))
	record = {**before, field: value, **{f"x_{key}": item for key, item in after.items()}}
	if form == "prose":
		lead = rng.choice(("", "Fout in job 12: ", "2024-10-02 08:32:17 WARNING ", "Error in sync: "))
		return lead + rng.choice(SENTENCES[kind]).format(value) + rng.choice(
			("", " (member ASSOC-2026-02051)")
		), value
	if form == "repr":
		nested = {"payload": record, "args": [1, {"rows": [record]}]} if rng.random() < 0.4 else record
		return f"      kwargs = {nested!r}", value
	if form == "json":
		text = json.dumps(record, indent=rng.choice((None, 2)))
		if rng.random() < 0.3:
			return json.dumps({"body": text}), json.dumps(json.dumps(value)[1:-1])[1:-1]
		return text, json.dumps(value)[1:-1]
	if form == "sql":
		literal = value.replace("'", "''")
		if rng.random() < 0.5:
			return (
				f"UPDATE `tabMember` SET `idx`=1, `{field}`='{literal}' WHERE name='ASSOC-2026-02051'",
				literal,
			)
		return (
			f"INSERT INTO `tabMember` (`name`, `{field}`, `idx`) VALUES ('ASSOC-1', '{literal}', 0)",
			literal,
		)
	code = rng.choice((quote, quote_plus))
	return f"GET /api/method/app.lookup?member=ASSOC-1&{field}={code(value)}&page=2 HTTP/1.1", code(value)


def samples(kind: str, count: int, seed: int) -> list[Sample]:
	"""`count` texts with a value of a kind, in all forms by turns."""
	rng = random.Random(f"{kind}/{seed}")
	made = []
	for index in range(count):
		form = FORMS[index % len(FORMS)]
		text, written = wrapped(rng, kind, form, MAKERS[kind](rng))
		made.append(Sample(kind, form, text, (written,)))
	return made


def persons(count: int, seed: int) -> list[tuple[str, str]]:
	"""Distinct (given names, family name)."""
	rng = random.Random(seed)
	found: dict[tuple[str, str], None] = {}
	while len(found) < count:
		given = " ".join(rng.sample(GIVEN, rng.choice((1, 1, 1, 2))))
		found[given, rng.choice(FAMILY)] = None
	return list(found)


def name_as_written(rng: random.Random, given: str, family: str) -> str:
	"""One of the ways a name is written in papers and in systems."""
	particles = [word for word in family.split() if word[0].islower() and "'H" not in word]
	core = " ".join(word for word in family.split() if word not in particles)
	initials = "".join(f"{word[0]}." for word in given.replace("-", " ").split())
	infix = " ".join(particles)
	return rng.choice(
		(
			f"{given} {family}",
			f"{given} {family}",
			f"{given.split()[0]} {family}",
			f"{initials} {family}",
			f"{family}, {given}",
			f"{core}, {given} {infix}".strip(),
			f"{core}, {initials} {infix}".strip(),
			f"{given} {family}".upper(),
			f"{given} {family}".lower(),
			plain(f"{given} {family}"),
		)
	)


def plain(text: str) -> str:
	"""Without accents, as older systems write names."""
	table = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i"})
	parts = unicodedata.normalize("NFD", text.translate(table))
	return "".join(char for char in parts if not unicodedata.combining(char))


NAME_SENTENCES = (
	"Mandate M18621386 of {} expires",
	"{} heeft niet betaald",
	"Could not merge {} with another member",
	"Factuur voor {}, 2024",
	"Beste {}, uw lidmaatschap",
)


def name_samples(people: list[tuple[str, str]], count: int, seed: int) -> list[Sample]:
	"""Texts with known names in all writings and forms, behind keys that say nothing."""
	rng = random.Random(f"names/{seed}")
	made = []
	for index in range(count):
		form = FORMS[index % len(FORMS)]
		value = name_as_written(rng, *rng.choice(people))
		text, written = _wrapped_name(rng, form, value)
		made.append(Sample("name", form, text, (written,)))
	return made


def _wrapped_name(rng: random.Random, form: str, value: str) -> tuple[str, str]:
	field = rng.choice(("title", "value", "subject", "description", "remarks"))
	if form == "prose":
		return rng.choice(NAME_SENTENCES).format(value), value
	if form == "repr":
		return f"      row = {[1, {field: value}]!r}", value
	if form == "json":
		return json.dumps({field: value, "idx": 1}), json.dumps(value)[1:-1]
	if form == "sql":
		literal = value.replace("'", "\\'")
		return f"SELECT name FROM tabMember WHERE {field} = '{literal}' LIMIT 1", literal
	code = rng.choice((quote, quote_plus))
	return f"https://site.example/app/member?{field}={code(value)}&page=1", code(value)


def ordinary_lines(count: int, seed: int) -> list[str]:
	"""Log lines of an ERP without anything personal: document names, versions, hashes, times, amounts."""
	rng = random.Random(f"ordinary/{seed}")

	def d(length: int) -> str:
		return "".join(rng.choices(string.digits, k=length))

	def x(length: int) -> str:
		return "".join(rng.choices("0123456789abcdef", k=length))

	def moment() -> str:
		day = date(2018, 1, 1) + timedelta(days=rng.randrange(3000))
		return f"{day} {rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}.{d(6)}"

	makers: tuple[Callable[[], str], ...] = (
		lambda: f"Document ACC-SINV-20{d(2)}-{d(5)} submitted by Administrator in {rng.random():.7f} s",
		lambda: (
			f"{moment()} INFO Sales Invoice ACC-SINV-2024-{d(5)} paid EUR {rng.randrange(10**6) / 100:.2f}"
		),
		lambda: f"Payment Entry ACC-PAY-2024-{d(5)} against ACC-SINV-2024-{d(5)}: {d(3)}.{d(3)},{d(2)}",
		lambda: f"frappe {rng.randrange(20)}.{d(2)}.{rng.randrange(20)} erpnext v15.{d(2)}.{d(1)} at {x(40)}",
		lambda: f"commit {x(8)} build {d(10)} image sha256:{x(64)}",
		lambda: f"job {x(8)}-{x(4)}-{x(4)}-{x(4)}-{x(12)} finished in {d(4)} ms, {d(4)} MB used",
		lambda: f"INSERT INTO `tabVersion` (`name`,`creation`,`docstatus`) VALUES ('{x(10)}','{moment()}',0)",
		lambda: (
			f"GET /api/resource/Sales%20Invoice/ACC-SINV-2024-{d(5)}?fields=%5B%22name%22%5D 200 {d(5)} 0.{d(6)}"
		),
		lambda: f"Stock Ledger Entry {d(10)} qty {d(3)}.{d(3)} rate {d(2)}.{d(9)} batch B{d(8)}",
		lambda: f"Item 10{d(6)} warehouse WH-{d(4)} serial SN{d(12)} barcode {rng.choice('189')}{d(12)}",
		lambda: f"Token expired for client api-{x(4)}; session not found, key error 'docstatus'",
		lambda: f"Fiscal year 20{d(2)} period 01-0{rng.randrange(1, 10)}-2024 to 31-12-2024, voucher {d(9)}",
		lambda: f"epoch 1{d(9)} ms 1{d(12)} offset +0{rng.randrange(1, 3)}00 seq 0x{x(14)}",
		lambda: (
			f"password policy: minimum length {rng.randrange(8, 20)}, token count {d(3)}, max_tokens={d(4)}"
		),
		lambda: f"batch SEPA-BATCH-2024-{d(4)}: {d(3)} mandates, total {d(4)},{d(2)} EUR, E2E{d(14)}",
		lambda: f"worker default:{d(5)} pid {d(5)} memory {d(3)} MB at {moment()} port {d(4)}",
		lambda: f"KeyError: 'fieldname' in row {d(2)} of {d(4)}, column name = 'party_name', value 000{d(9)}",
	)
	return [rng.choice(makers)() for _ in range(count)]

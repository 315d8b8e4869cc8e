"""A second writer of texts with personal data, unlike `samples`: other sentences, languages and carriers.

Carriers are what errors of an ERP quote: XML, YAML, CSV, headers, locals over several lines, dataclasses, statements with
their arguments, JSON within JSON, bytes, logfmt, command lines. Written before the detectors were repaired, scored once,
then kept as a test. Invented persons only.
"""

from __future__ import annotations

import csv
import io
import json
import random
import string
from collections.abc import Callable
from datetime import date, timedelta
from html import escape
from typing import NamedTuple
from urllib.parse import quote, urlencode

from stdnum import iban, luhn

Maker = Callable[[random.Random], str]
GIVEN = (
	"Ömer Aïcha Jörg Zsófia Ruud Klaas Femke Hélène Andrés Katarzyna Štěpán Bram Hatice Ingeborg Willem-Jan Dagmar Niels Saskia"
	" Théo Ulrike Vito Wouter Xandra Yorick Zita"
).split()
FAMILY = (
	"Hofstra|van Zuylen|Größler|de Haas-Kuiper|Łuczak|Øverland|Peeters|dos Santos|van der Wijngaard|O'Keeffe|Șerban|Yıldırım|"
	"Kloosterman|te Riele|Buitenhuis|von Trapp|Fernández|Zijlstra|van 't Slot|Aerts"
).split("|")


class Wild(NamedTuple):
	"""A text, the form it has, and what must be gone from it as it is written there."""

	kind: str
	form: str
	text: str
	planted: tuple[str, ...]


def digits(rng: random.Random, count: int) -> str:
	return "".join(rng.choices(string.digits, k=count))


def account(rng: random.Random) -> str:
	way = rng.randrange(4)
	if way < 2:
		country, body = "NL", rng.choice(("ABNA", "INGB", "RABO", "TRIO", "KNAB")) + digits(rng, 10)
	elif way == 2:
		country, body = "GB", rng.choice(("BARC", "HBUK", "LOYD")) + digits(rng, 14)
	else:
		country, length = rng.choice((("DE", 18), ("BE", 12), ("LT", 16), ("DK", 14), ("HR", 17)))
		body = digits(rng, length)
	number = country + iban.calc_check_digits(f"{country}00{body}") + body
	grouped = " ".join(number[i : i + 4] for i in range(0, len(number), 4))
	return rng.choice(
		(
			number,
			number,
			grouped,
			grouped.lower(),
			number.lower(),
			grouped.replace(" ", "\u00a0"),
			f"{number[:2]} {number[2:4]} {grouped[5:]}",
			grouped.replace(" ", "."),
			grouped.replace(" ", "-"),
		)
	)


def mail(rng: random.Random) -> str:
	return rng.choice(
		(
			f"{digits(rng, 3)}.lid@sport.example.eu",
			f"j.{rng.choice('abcdef')}.k{digits(rng, 2)}+club@sub.domein.example",
			f"INFO{digits(rng, 2)}@EXAMPLE.ORG",
			f"o'neil{digits(rng, 2)}@ier.example.ie",
			f"penning_meester-{digits(rng, 2)}@voetbal-club.example.nl",
		)
	)


def phone(rng: random.Random) -> str:
	eight = rng.choice("12345678") + digits(rng, 7)
	seven = rng.choice("2345678") + digits(rng, 6)
	return rng.choice(
		(
			f"06 - {eight}",
			f"06.{eight[:2]}.{eight[2:4]}.{eight[4:6]}.{eight[6:]}",
			f"06/{eight}",
			f"(06) {eight[:4]} {eight[4:]}",
			f"+31-6-{eight}",
			f"+31(0)6-{eight}",
			f"0031 6 {eight}",
			f"00 31 6 {eight[:4]}-{eight[4:]}",
			f"020 - {seven[:3]} {seven[3:]}",
			f"0{rng.choice(('13', '24', '43', '58'))}-{seven}",
			f"+32 2 {seven[:3]} {seven[3:5]} {seven[5:]}",
			f"+49 (0)30 {eight}",
			f"+33 6 {eight[:2]} {eight[2:4]} {eight[4:6]} {eight[6:]}",
		)
	)


def told_phone(rng: random.Random) -> str:
	return rng.choice(("316", "324", "49151")) + rng.choice("12345678") + digits(rng, 7)


def bsn(rng: random.Random) -> str:
	while True:
		body = [rng.randrange(1, 10), *(rng.randrange(10) for _ in range(7))]
		check = sum(n * w for n, w in zip(body, range(9, 1, -1), strict=True)) % 11
		if check < 10:
			number = "".join(map(str, body)) + str(check)
			return rng.choice(
				(
					number,
					number,
					f"{number[:4]}.{number[4:6]}.{number[6:]}",
					f"{number[:3]} {number[3:6]} {number[6:]}",
				)
			)


def postcode(rng: random.Random) -> str:
	return f"{rng.randrange(1000, 10000)}{rng.choice(('', ' '))}{''.join(rng.choices('ABCDEGHJKLNPRTVWXZ', k=2))}"


def house(rng: random.Random) -> str:
	number = str(rng.randrange(1, 400))
	return number + rng.choice(
		("", "", "a", " b", "bis", " hs", "-2", "-II", "/3", " huis", "-101", " 2hoog", "A1")
	)


def ip(rng: random.Random) -> str:
	if rng.random() < 0.7:
		return ".".join(str(rng.randrange(1, 255)) for _ in range(4))
	return ":".join(f"{rng.randrange(4096, 65536):x}" for _ in range(8))


def card(rng: random.Random) -> str:
	body = rng.choice(("4929", "5412", "5555", "2720")) + digits(rng, 11)
	number = body + luhn.calc_check_digit(body)
	return rng.choice((number, " ".join(number[i : i + 4] for i in range(0, 16, 4))))


def secret(rng: random.Random) -> str:
	return rng.choice(
		(
			"".join(rng.choices(string.ascii_letters + string.digits, k=24)) + "9",
			"".join(rng.choices("0123456789abcdef", k=64)),
			f"Fiets{digits(rng, 2)}bel!{digits(rng, 1)}",
			f"pa$$w0rd-{digits(rng, 3)}",
			f"k.{digits(rng, 4)}~{rng.choice(string.ascii_letters)}Zx",
		)
	)


def spaced_secret(rng: random.Random) -> str:
	return rng.choice(
		(f"Zomer {rng.randrange(1990, 2030)}", f"Mijn Kat {digits(rng, 2)}", f"Ajax {digits(rng, 3)}!")
	)


MONTHS = {
	"nl": "januari februari maart april mei juni juli augustus september oktober november december".split(),
	"en": "January February March April May June July August September October November December".split(),
}


def birth(rng: random.Random) -> str:
	day = date(1925, 1, 1) + timedelta(days=rng.randrange(31_000))
	english, dutch = MONTHS["en"][day.month - 1], MONTHS["nl"][day.month - 1]
	return rng.choice(
		(
			day.isoformat(),
			f"{day:%d-%m-%Y}",
			f"{day:%Y/%m/%d}",
			f"{day:%d.%m.%y}",
			f"{day.day} {dutch} {day.year}",
			f"{day.day} {dutch[:3]} {day.year}",
			f"{english} {day.day}, {day.year}",
			f"{day.day}th of {english} {day.year}",
			f"{day.day} {english[:3]}. {day.year}",
		)
	)


MAKERS: dict[str, Maker] = {
	"mail": mail,
	"iban": account,
	"phone": phone,
	"bsn": bsn,
	"postcode": postcode,
	"ip": ip,
	"card": card,
	"secret": secret,
	"birthdate": birth,
}
KEYS: dict[str, tuple[str, ...]] = {
	"mail": ("mail", "emailAddress", "recipient", "to"),
	"iban": ("IBAN", "debtorIban", "bank_account_no", "rekening", "accountNumber"),
	"phone": ("phoneNumber", "telefoon", "mobile_no", "gsm", "tel"),
	"bsn": ("bsn", "BSN", "burgerservicenummer", "bsnNumber"),
	"postcode": ("postcode", "zipCode", "postalCode", "pc"),
	"ip": ("ip", "remote", "clientIp", "forwarded_for"),
	"card": ("cardNumber", "pan", "creditcard"),
	"secret": (
		"password",
		"clientSecret",
		"api-key",
		"accessToken",
		"smtp_password",
		"WACHTWOORD",
		"db_password",
		"apiSecret",
	),
	"birthdate": ("birthDate", "geboortedatum", "date_of_birth", "DOB", "geb_datum"),
	"name": ("omschrijving", "subject", "party", "text"),
}
PROSE: dict[str, tuple[str, ...]] = {
	"mail": ("No such user: {}!", "Kan {} niet bereiken; probeer later", "Zustellung an {} fehlgeschlagen"),
	"iban": (
		"Konto {} gesperrt",
		"we could not debit {}, code AC04",
		"rekeningnummer {} bestaat niet meer",
		"IBAN{}EUR",
	),
	"phone": ("Bitte {} anrufen", "belde {} tweemaal", "unreachable: {}", "voicemail van {} vol"),
	"bsn": ("Burgerservicenummer {} reeds in gebruik", "bsn={} ongeldig", "duplicate BSN ({})"),
	"postcode": (
		"woont op {} {house}",
		"Kerkweg {house}, {} Zwolle",
		"adres {}{plain} onbekend",
		"bezorgen: {}, {house}",
	),
	"ip": ("blocked {} for 10 minutes", "Verbindung von {} abgelehnt", "peer {} reset"),
	"card": ("carte {} refusée", "kaart {} geweigerd"),
	"secret": (
		"de key is api_key={}",
		"login failed, password: {}",
		"Authorization: Bearer {}",
		"secret -> token={}&retry=1",
	),
	"birthdate": (
		"born on {}, too young",
		"geboortedatum {} ligt in de toekomst",
		"geb. {} te Zwolle",
		"birthday: {}",
	),
	"name": (
		"Mitglied {} nicht gefunden",
		"{} staat dubbel in de lijst",
		"payment by {} bounced",
		"Beste {}, welkom",
	),
}
NOISE = {
	"doc": "ACC-PINV-2025-00187",
	"qty": 12,
	"rate": 8.5,
	"flag": True,
	"modified": "2025-03-01 09:10:11",
}


def carriers() -> dict[str, Callable[[random.Random, str, str], tuple[str, str]]]:
	"""By form, what wraps a field and its value: gives the text and the value as it stands in it."""

	def xml(rng: random.Random, key: str, value: str) -> tuple[str, str]:
		return f"<row id='7'><Doc>SINV-1</Doc><{key}>{escape(value)}</{key}><qty>2</qty></row>", escape(value)

	def attribute(rng: random.Random, key: str, value: str) -> tuple[str, str]:
		return f'<input type="text" name="{key}" value="{escape(value)}" size="20">', escape(value)

	def yaml(rng: random.Random, key: str, value: str) -> tuple[str, str]:
		return (
			f"job:\n  - doc: PINV-2\n    {key}: {json.dumps(value, ensure_ascii=False)}\n    retries: 3\n",
			value,
		)

	def local(rng: random.Random, key: str, value: str) -> tuple[str, str]:
		text = (
			'  File "apps/club/club/sync.py", line 41, in push\n    client.send(record)\n      record = {\n'
			f"        'doc': 'PINV-2',\n        {key!r}: {value!r},\n        'lines': [1, 2]}}\n      self = <Client at 0x7f12>\n"
			"ValueError: refused"
		)
		return text, repr(value)[1:-1]

	def dataclass(rng: random.Random, key: str, value: str) -> tuple[str, str]:
		field = key.replace("-", "_")
		return f"Record(doc='SINV-1', {field}={value!r}, qty=2, flag=None)", repr(value)[1:-1]

	def nested(rng: random.Random, key: str, value: str) -> tuple[str, str]:
		text, written = {**NOISE, key: value}, value
		for depth in range(rng.randrange(1, 4)):
			text = json.dumps({"payload": text, "n": depth} if depth == 0 else {"body": text})  # type: ignore[assignment]
			written = json.dumps(written)[1:-1]
		return str(text), written

	def in_bytes(rng: random.Random, key: str, value: str) -> tuple[str, str]:
		raw = json.dumps({key: value, "n": 1}, ensure_ascii=False).encode()
		return f"response.content = {raw!r}", repr(value.encode())[2:-1]

	def ascii_repr(rng: random.Random, key: str, value: str) -> tuple[str, str]:
		return f"args: { {key: value, 'n': 1}!a}", ascii(value)[1:-1]

	def logfmt(rng: random.Random, key: str, value: str) -> tuple[str, str]:
		return f'level=error job=sync {key}="{value}" took=12ms', value

	def query(rng: random.Random, key: str, value: str) -> tuple[str, str]:
		return f"POST /api/v2/x?{urlencode({'doc': 'A-1', key: value, 'p': 1})} 500 12ms", urlencode(
			{"": value}
		)[1:]

	def path(rng: random.Random, key: str, value: str) -> tuple[str, str]:
		return f"https://club.example/{key}/{quote(value, safe='')}/edit 404", quote(value, safe="")

	def arguments(rng: random.Random, key: str, value: str) -> tuple[str, str]:
		column = key.replace("-", "_")
		text = rng.choice(
			(
				f"frappe.db.sql('UPDATE `tabX` SET `idx`=%s, `{column}`=%s WHERE name=%s', (3, {value!r}, 'X-1'))",
				f"[SQL: INSERT INTO x (name, {column}, n) VALUES (%s, %s, %s)]\n[parameters: ('X-1', {value!r}, 3)]",
				f"query = 'SELECT name FROM x WHERE {column} = ? AND n > ?'\n      values = [{value!r}, 5]",
			)
		)
		return text, repr(value)[1:-1]

	def insert(rng: random.Random, key: str, value: str) -> tuple[str, str]:
		column, literal = key.replace("-", "_"), value.replace("'", "''")
		return f"INSERT INTO x ({column}) VALUES ('{literal}'), ('')", literal

	def change(rng: random.Random, key: str, value: str) -> tuple[str, str]:
		return json.dumps({"changed": [[key, "", value]], "n": 1}, ensure_ascii=False), json.dumps(
			value, ensure_ascii=False
		)[1:-1]

	return {
		"xml": xml,
		"attribute": attribute,
		"yaml": yaml,
		"locals": local,
		"dataclass": dataclass,
		"json in json": nested,
		"bytes": in_bytes,
		"ascii": ascii_repr,
		"logfmt": logfmt,
		"query": query,
		"path": path,
		"arguments": arguments,
		"insert": insert,
		"change": change,
	}


CARRIERS = carriers()
FORMS = ("prose", "csv", "html", *CARRIERS)


def written(rng: random.Random, kind: str, form: str, value: str) -> tuple[str, str]:
	key = rng.choice(KEYS[kind])
	if form == "prose":
		template = rng.choice(PROSE[kind])
		lead = rng.choice(("", "[09:10:11] ", "sync> "))
		return lead + template.replace("{house}", house(rng)).replace(
			"{plain}", str(rng.randrange(1, 99))
		).replace("{}", value), value
	if form == "csv":
		# a column that says what it holds, as an import shows the row that it refused
		out = io.StringIO()
		csv.writer(out).writerow([key, value, "PINV-3", 12])
		return (
			f"row 17 refused: {key}={value};PINV-3;12"
			if rng.random() < 0.5
			else f"{key}: {value}\nrow: {out.getvalue()}",
			value,
		)
	if form == "html":
		return f"<tr><td>{key}</td><td>{escape(value)}</td></tr>" if kind not in (
			"secret",
			"birthdate",
		) else f"<b>{key}:</b> {escape(value)}<br>", escape(value)
	return CARRIERS[form](rng, key, value)


def wild(kind: str, count: int, seed: int) -> list[Wild]:
	"""`count` texts with a value of a kind, in all forms by turns."""
	rng = random.Random(f"wild/{kind}/{seed}")
	made = []
	for index in range(count):
		form = FORMS[index % len(FORMS)]
		text, planted = written(rng, kind, form, MAKERS[kind](rng))
		made.append(Wild(kind, form, text, (planted,)))
	return made


def special(count: int, seed: int) -> list[Wild]:
	"""What has one carrier of its own: command lines, addresses with passwords, lists of dates, secrets with blanks."""
	rng = random.Random(f"special/{seed}")
	made: list[Wild] = []
	for index in range(count):
		key, one, two, three = secret(rng).replace("$", "S"), *(birth(rng) for _ in range(3))
		iso = [
			f"{rng.randrange(1930, 2010)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
			for _ in range(3)
		]
		spaced, told = spaced_secret(rng), told_phone(rng)
		cases: tuple[tuple[str, tuple[str, ...]], ...] = (
			(f"+ curl -s -u bot:{key} https://x.example/api", (key,)),
			(f"$ mysqldump -h db -u root -p{key} club > /tmp/x", (key,)),
			(f"CalledProcessError: ['mysql', '-uroot', '-p{key}', 'club'] returned 1", (key,)),
			(f"bench restore --db-root-password {key} x.sql.gz", (key,)),
			(
				f"OperationalError: postgresql+psycopg2://club:{quote(key)}@db.example:5432/club",
				(quote(key),),
			),
			(f"could not connect to amqp://u{index}:{key}@mq:5672//", (key,)),
			(f"login mislukt, wachtwoord: {spaced}", (spaced,)),
			(f"smtp_password '{spaced}' is geweigerd", (spaced,)),
			(f"birth_date BETWEEN '{iso[0]}' AND '{iso[1]}'", (iso[0], iso[1])),
			(f"geboortedatum IN ('{iso[0]}', '{iso[1]}', '{iso[2]}')", tuple(iso)),
			(f"birthdates: {iso[0]}, {iso[1]} and {iso[2]}", tuple(iso)),
			(
				f"{{'dob': [datetime.date({iso[0].replace('-0', '-').replace('-', ', ')}), None]}}",
				(iso[0].replace("-0", "-").replace("-", ", "),),
			),
			(f"geboren {one}; ander lid geboren {two}; born {three}", (one, two, three)),
			(f"phone {told} refused", (told,)),
			(f"sms naar mobiel {told} mislukt", (told,)),
		)
		text, planted = cases[index % len(cases)]
		made.append(Wild("special", f"case {index % len(cases)}", text, planted))
	return made


def people(count: int, seed: int) -> list[tuple[str, str]]:
	rng = random.Random(f"people/{seed}")
	found: dict[tuple[str, str], None] = {}
	while len(found) < count:
		found[rng.choice(GIVEN), rng.choice(FAMILY)] = None
	return list(found)


def wild_names(known: list[tuple[str, str]], count: int, seed: int) -> list[Wild]:
	"""Known persons in all forms."""
	rng = random.Random(f"wild names/{seed}")
	made = []
	for index in range(count):
		form = FORMS[index % len(FORMS)]
		given, family = rng.choice(known)
		value = rng.choice(
			(
				f"{given} {family}",
				f"{family}, {given}",
				f"{given[0]}. {family}",
				f"{given} {family}".upper(),
				f"{given} {family}".lower(),
			)
		)
		text, planted = written(rng, "name", form, value)
		made.append(Wild("name", form, text, (planted,)))
	return made

"""Invented people: names, towns, addresses, phone numbers and bank accounts from small lists of our own.

Mail addresses end in domains reserved for examples. IBANs have valid check digits and belong to nobody: Dutch account
numbers here fail the "elfproef" that every number issued to a person before the IBAN passed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from random import Random

FIRST_NAMES = (
	"Aafke Abel Adinda Aleida Amira Anouk Arjen Babette Bart Bente Björn Brecht Carlijn Casper Chloé Daan Daniël Deniz "
	"Doutzen Eefje Elin Eline Emre Esmée Fatima Femke Fenna Floor Frits Geert Gijs Guusje Hanneke Hidde Hylke Ilse Imane "
	"Ingrid Iris Jelle Jikke Joëlle Joost Jurre Karim Kees Kirsten Lars Leonie Lieke Loïs Luuk Maarten Madelief Marijn "
	"Marit Meike Mieke Mirjam Nadia Niels Nienke Noor Okke Oscar Petra Pieter Quinten Rachid Renée Rens Roos Ruben Saar "
	"Sanne Selma Sjoerd Sofie Stijn Tess Thijs Tjitske Tygo Ulrike Valentijn Veerle Wessel Wietske Xander Yara Yusuf "
	"Zeynep Zoë"
).split()
LAST_NAMES = (
	"Achterveld|Alkema|van Ankum|Baggerman|ten Bokkel|Boonstoppel|van den Brink|Bruinsma|Çelik|de Coninck|Dekens|van Dalfsen|"
	"Drijfhout|van Eerden|Elzinga|Feitsma|van Gameren|Geurtsen|de Graaff|Haverkate|Heidinga|van Hierden|Hoekema|Huizenga|"
	"Idsinga|Jagtenberg|Jonkvorst|Kaandorp|van Keulen|Klaverdijk|Kolkman|Kuipéri|van Lankveld|Leemhuis|Lindeboom|Loosman|"
	"van Maanen|Meerdink|Mulderij|Nijkamp|van Noordt|Oldewarris|Oosterbaan|Öztürk|Pasveer|van Putten|Quaedvlieg|"
	"Reitsema|van Rhijn|Roffelsen|Roozenbeek|Schaapveld|Smeding|Sprenkeling|Stavast|Tazelaar|Terpstra|van Tuinen|"
	"Uitermark|Veldhuizen|Verbruggen|Vlietstra|de Waard|Westerhof|Wieringa|van Wijnen|Ypma|Zandbergen|Zijlmans|Zwartveen"
).split("|")
TOWNS = (
	"Oosterwijkerveen|Klein Dalmsum|Zandermeer|Hoogvoorde|Nieuw-Lutten aan de Aa|Wilgenrade|Molenbroek-Zuid|Sint Aalbert|"
	"Kolkhaven|Berkendrecht|Duinerwold|Rietmonde"
).split("|")
STREETS = "Dorpslaan|Kerkbrink|Wilgenpad|Molendijk|Havenkade|Eikenhof|Veldweg|Torenstraat|Sluiskade|Heideplein".split(
	"|"
)
DOMAINS = ("example.org", "example.com", "example.net", "leden.example", "webpost.example")
DUTCH_BANKS = (
	("INGB", "INGBNL2A", "ING Bank", 32),
	("RABO", "RABONL2U", "Rabobank", 28),
	("ABNA", "ABNANL2A", "ABN AMRO Bank", 18),
	("SNSB", "SNSBNL2A", "SNS Bank", 8),
	("TRIO", "TRIONL2U", "Triodos Bank", 7),
	("KNAB", "KNABNL2H", "Knab", 4),
	("BUNQ", "BUNQNL2A", "bunq", 3),
)


@dataclass(frozen=True)
class Account:
	"""A bank account as it is stored: compact and in capitals."""

	iban: str
	bic: str
	bank: str


def ascii_letters(text: str) -> str:
	"""The text in lower-case ASCII letters only, for mail addresses."""
	plain = unicodedata.normalize("NFKD", text.replace("ø", "o"))
	return "".join(char for char in plain.lower() if "a" <= char <= "z")


def email(rng: Random, first: str, last: str, number: int) -> str:
	"""A mail address that no other number has."""
	return f"{ascii_letters(first)}.{ascii_letters(last)}{number}@{rng.choice(DOMAINS)}"


def phone(rng: Random) -> str:
	"""A Dutch mobile number around the one every example uses (06 12345678)."""
	return f"+31 6 1234{rng.randrange(10_000):04d}"


def address(rng: Random) -> dict[str, str]:
	"""Street, number, postcode, town."""
	letters = "".join(rng.choice("ABDEGHKLNPRTVWXZ") for _ in range(2))
	return {
		"street": rng.choice(STREETS),
		"house_number": str(rng.randint(1, 180)),
		"postcode": f"{rng.randint(1000, 9999)} {letters}",
		"town": rng.choice(TOWNS),
	}


def make_iban(country: str, bban: str) -> str:
	"""IBAN of a country and the account in that country's form: ISO 7064 mod 97-10."""
	digits = "".join(str(int(char, 36)) for char in f"{bban}{country}00")
	return f"{country}{98 - int(digits) % 97:02d}{bban}"


def account(rng: Random) -> Account:
	"""An account with a Dutch, sometimes a Belgian or German bank."""
	draw = rng.random()
	if draw < 0.02:
		number = f"979{rng.randrange(10**7):07d}"
		return Account(
			make_iban("BE", f"{number}{int(number) % 97 or 97:02d}"), "ARSPBE22", "Argenta Spaarbank"
		)
	if draw < 0.04:
		return Account(make_iban("DE", f"37040044{rng.randrange(10**10):010d}"), "COBADEFF", "Commerzbank")
	code, bic, bank, _weight = rng.choices(DUTCH_BANKS, [row[3] for row in DUTCH_BANKS])[0]
	return Account(make_iban("NL", f"{code}{_unissued_number(rng)}"), bic, bank)


def _unissued_number(rng: Random) -> str:
	"""Ten digits that fail the elfproef."""
	while True:
		number = f"{rng.randrange(10**8, 10**9):010d}"
		if sum(int(digit) * weight for digit, weight in zip(number, range(10, 0, -1), strict=True)) % 11:
			return number

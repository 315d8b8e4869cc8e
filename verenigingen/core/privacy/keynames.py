"""What the name of a field, header or variable says about its value: `api_secret` is a secret, `geboortedatum` a birth
date. Names are judged word by word, so that `password_reset_at` and `max_tokens` are not taken for secrets.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

# Words that make any name they end a secret …
_SECRETS = frozenset(
	"password passwords passwd passphrase pwd pw pass wachtwoord secret secrets geheim token tokens apikey otp credential credentials"
	" cookie cookies authorization signature hmac jwt csrf sid sessid sessionid phpsessid pincode pin cvv cvc auth bearer"
	" apisecret accesstoken refreshtoken authtoken secretkey accesskey privatekey clientsecret toegangscode inlogcode"
	" toegangssleutel".split()
)
# … and those that only do so behind another one.
_KEY_BEFORE = frozenset(
	"api access private secret encryption session signing auth master ssh shared client reset password hash webhook"
	" license service consumer sync fernet verification token x".split()
)
_TRAILERS = frozenset(
	"value hash confirm confirmation repeat again new old current plain header raw text".split()
)
_COMPOUND = re.compile(
	r"(?:password|passwd|passphrase|wachtwoord|secret|token|apikey|secretkey|accesskey|privatekey|cookie|signature)\Z"
)
_NAMES = frozenset(
	"firstname lastname fullname middlename givenname familyname surname voornaam achternaam roepnaam tussenvoegsel naam"
	" volledigenaam membername lidnaam customername contactname contactperson contactpersoon accountholder"
	" accountholdername rekeninghouder tenaamstelling debtorname debiteur debiteurnaam dbtr nm displayname voorletters"
	" initials maidenname meisjesnaam payername donorname donorfullname beneficiary beneficiaryname holdername signername"
	" partnername username_full employeename volunteername recipientname sendername applicantname naamrekeninghouder"
	" clientname personname realname".split()
)
_BIRTH = frozenset(
	"birth birthdate birthday dateofbirth dob born geboren geboorte geboortedatum geboortedag geb gebdatum verjaardag".split()
)
_PHONES = frozenset(
	"phone telephone telefoon telefoonnummer phonenumber tel telnr mobile mobiel mobielnummer mobilephone gsm fax cell"
	" cellphone whatsapp".split()
)
_ADDRESSES = frozenset(
	"street straat straatnaam streetname addressline address adres adresregel woonadres straathuisnummer streetaddress"
	" homeaddress postaladdress".split()
)
_POSTCODES = frozenset("postcode postalcode zip zipcode postcodecijfers pincode".split())
_ACCOUNTS = frozenset(
	"iban bankaccount bankaccountno accountnumber accountno rekeningnummer rekening bankrekening".split()
)
_BICS = frozenset("bic swift swiftcode biccode swiftnumber bicswift".split())
_NO_ADDRESS = frozenset("ip mac email mail e web remote server host wallet memory bind listen".split())
_PLURALS = (_BIRTH | _PHONES | _POSTCODES | frozenset(("iban", "naam"))) - {"tel"}
_FILLERS = frozenset(
	"no nr number nummer code id of the de het member lid primary home work prive customer".split()
)

_EXACT = (
	_SECRETS
	| _BIRTH
	| _PHONES
	| _ADDRESSES
	| _POSTCODES
	| _BICS
	| frozenset(
		"key name naam nm dbtr initials surname holder debiteur beneficiary account iban rekening id".split()
	)
)
_STEMS = re.compile(
	"passw|passphr|wachtwoord|secret|geheim|token|apikey|accesskey|secretkey|privatekey|cookie|credential|signature|authoriz"
	"|(?:first|last|full|middle|given|family|member|customer|contact|display|holder|payer|donor|debtor|maiden)name"
	"|naam|phone|telefo|mobiel|whatsapp|birth|geboort|postco|postal|zipcode|iban|rekening|street|straat|adres|address"
	"|session|sessid|tenaamst|voorletters|contactper|swiftcode|biccode"
)


@lru_cache(maxsize=8192)
def telling(word: str) -> bool:
	"""Whether a lower-case word (letters only) can be part of a name that `kind_of` knows."""
	return word != "id" and (word in _EXACT or _STEMS.search(word) is not None)


@lru_cache(maxsize=8192)
def kind_of(identifier: str) -> str | None:
	"""The kind of value a name announces: secret, key (a secret if it looks random), name, birthdate, phone, postcode,
	address, iban, bic; None for an ordinary name."""
	words = [part.lower() for part in _PARTS.findall(identifier.rpartition(".")[2])]
	if words and words[-1].endswith("s") and words[-1][:-1] in _PLURALS:
		words[-1] = words[-1][:-1]
	while words and words[-1] in _TRAILERS and len(words) > 1:
		words.pop()
	if not words:
		return None
	last, whole = words[-1], "".join(words)
	if _is_secret(words, last, whole):
		return "secret"
	if words == ["key"]:
		return "key"
	return _personal(words, whole)


def _is_secret(words: list[str], last: str, whole: str) -> bool:
	if whole in _POSTCODES:
		return False  # India's pincode is a postcode, which is how the field is called
	if last in _SECRETS:
		if last == "tokens" and len(words) > 1:
			return words[-2] in _KEY_BEFORE or words[-2] == "refresh"  # max_tokens are counted
		return not (last in ("pass", "pin", "sid", "auth", "pw") and len(words) > 2)
	if last == "key" and len(words) > 1:
		return words[-2] in _KEY_BEFORE
	if last == "id" and len(words) > 1:
		return words[-2] in ("session", "sess")
	if last == "code" and len(words) > 1:
		return words[-2] in ("pin", "security", "verification", "otp", "auth", "authorization")
	return _COMPOUND.search(last) is not None


def _personal(words: list[str], whole: str) -> str | None:
	kept = [word for word in words if word not in _FILLERS] or words
	short = "".join(kept)
	if not _BIRTH.isdisjoint(words):
		return "birthdate"
	for known, kind in (
		(_NAMES, "name"),
		(_PHONES, "phone"),
		(_POSTCODES, "postcode"),
		(_ACCOUNTS, "iban"),
		(_BICS, "bic"),
		(_ADDRESSES, "address"),
	):
		if whole in known or short in known or (kept[-1] in known and kind in ("phone", "iban", "bic")):
			if kind == "name" and whole == "contact":
				continue
			return kind
	if words[-1] in _ADDRESSES and _NO_ADDRESS.isdisjoint(words):
		return "address"
	return None

"""Words that say what a number behind them counts or identifies: `Room 4531`, `ticket 0612345678`, `order_id=…`."""

from __future__ import annotations

_REACH = 64  # characters
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LABELS = frozenset(
	"""
	account artikel artikelnummer article asset bag barcode batch bay bed bestelling bestelnummer bin block blok boeking
	boekstuk bon booking booth box build building case cell chapter chunk code commit container counter crc customer dataset
	debiteurnummer deal declaratie device document docname dossier ean entry epoch event factuur factuurnummer file
	flight form frame gate gebouw gate grootboek gtin hal handle hash id ids incasso index invoice isbn item job journaal kamer
	kenteken key klantnummer kluis koppeling label ledger level lidnummer lijn line locker lokaal lot machine mandaat
	mandate member model module name node note object offset onderdeel opdracht order ordernummer package page pallet
	part partij passage pid platform plate plek port position post process product project projectnummer proef qty quantity
	queue rack rate record ref referentie reference regel release reference request revision rij room route row run sample
	script seat section segment sensor seq sequence serial serie series sheet shelf shift sku slot spoor stap station step
	stock stoel store suite table tafel task terminal test thread ticket timestamp token tool total track train transactie
	transaction transfer truck type unit user value vak verdieping vergunning verkoop version versie vlucht voertuig volgnummer
	voucher wagon warehouse weegbon zaak zaal zone magazijn
	""".split()
) - {"value", "name", "post", "user", "member", "customer", "note", "test"}
_NUMBER_WORDS = frozenset("no nr number nummer num id code".split())


def labelled(low: str, start: int) -> bool:
	"""Whether the word right before a place (of a lower-case text) says that a number there is that of a thing."""
	before = low[max(0, start - _REACH) : start].rstrip(" \t\"'(").rstrip(":=#").rstrip(" \t\"'])>.:")
	rest = before.rstrip(_LETTERS)
	last = before[len(rest) :]
	if not last:
		return False
	if last in ("id", "ids", "code"):
		return True
	if last in _NUMBER_WORDS:
		lead = rest.rstrip(" _.-")
		return lead[len(lead.rstrip(_LETTERS)) :] in _LABELS
	return last in _LABELS or (last.endswith(("nummer", "number")) and last[:-6] in _LABELS)

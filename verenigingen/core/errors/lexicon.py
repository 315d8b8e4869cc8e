"""Words that are no names of people or places although they are written with a capital.

Messages capitalise what the program calls things ("Sales Invoice", "Row", "Payment Gateway"); a capital in mid-sentence
that is not one of these is taken for a name, that is for data. The list holds the vocabulary of Frappe's and ERPNext's
DocTypes, of error messages, and of associations in English and Dutch. A word that is missing costs little: the
statement that failed tells errors apart, the message only helps.
"""

from __future__ import annotations

COMMON_WORDS = frozenset(
	"""
	aanmaken aanmelding aantal aanvraag abort aborted about access account accounting accounts action
	activity address adjustment adres advance afgewezen again agenda agreement algemeen all
	allocation allocations allowed already also alternative always amended amount amounts annual annuleren
	anonymous another answer any api apis app applicable application applications appointment archive
	argument article as assembly asset assignment assoc at attachment attempt attribute audit august
	augustus authentication authorised authorization authorized auto availability available back backup bad
	balance bank bar barcode batch bearer bedrag been before begin being bericht bestaat bestand bestuur
	betaald betaling betalingen between bic bijdrage bijlage bin birth block blog blogger board body
	boilerplate bom book booking both bounce branch brand broken bsn budget build bulk bundle buying by
	cache calendar call callback campaign can cancel cancelled cannot capitalization card cashier category
	caused center certificate change changed changelog chapter charge charges chart check checklist cheque
	child children choose claim class clear clearance client closed closing code collection collector color
	column command comment commit committee communication company competitor complete condition conditions
	conflict conformance connect connected connecting connection connections console consumed contact
	contacts content context continue contract contributie control controle controleer conversion cookie
	copy core correct cost could count country coupon create created creation creator credit creditor
	criteria crm cron css csv currency custom customer customize customs damaged dashboard data database
	date dates datum day deadlock debit debtor december decimal deduction default defaults deferred delete
	deleted deletion delivery department dependent depends deprecated depreciation designation desktop
	destination detail details device deze different digest dimension direct directory disabled discount
	discounted discounting discussion disk distribution dns doctype document does domain donateur donatie
	donation done donor double download downtime draft drive driver driving due dues dunning duplicate
	dynamic each editor education een eenmalig eind either email employee empty enabled encoding encryption
	end energy enough enter entity entries entry erpnext error errors event every exceeded except exception
	exceptions exchange executing execution exists expected expired expiry explosion export expression
	external facet factor fail failed failing failure fatal februari february fee feed feedback fees fetch
	field fields file filter final finance find first fiscal fixed flag floor folder follow forbidden form
	format found fout fouten frappe free friday from ftp fulfilled fulfilment full functie function gateway
	geboekt geboortedatum gebruiker geen gegevens geldig gemeente gender general generate geolocation get
	gewijzigd gift given global goal gone google groep group guarantee guest handler handling hash have head
	header heading health help here het high history holiday host hour how html http https huisnummer iban
	icon identifier ignore illegal image imap implicit import importer incassant incasso incoming incomplete
	incorrect incorrectly index industry ingeschreven initial inner input inschrijving insert inspection
	inspector installation installed instellingen insufficient integer integration integrity interface
	internal invalid inventory invoice ip is issue item items iteration its jaar januari january java
	javascript job jobs journal json juli july juni jwt kan kanban kenmerk key keys kind kon land
	landed language large last late layout ldap lead leden ledenadministratie ledger length less letter
	level license lid lidmaatschap lidnummer like limit limited line lines link linked linux list load
	loading location locked log logged login logs long lookup lost lower loyalty maand maart machtiging made
	mail mailbox main maintenance make mandaat mandate mandatory manual manufacturer manufacturing many map
	mapping march mariadb market master material max maximum may medium meeting member membership menu merge
	message messages meta method migration migrator milestone min minimum minute minutes mislukt mismatch
	missing mobile mode module moet mollie monday money monitor monitoring month monthly more most moved
	movement multiple must mutatie mysql naam name names naming navbar negative network never new newsletter
	next nginx niet niets nieuw no node nodes none not note nothing notice notification november null number
	nummer oauth object objective october of off oktober old omschrijving on onboarding once one ongeldig
	ongeldige only ontbreekt ontvangen open opening operand operation opgezegd opportunity opzegging or
	order organisation organization origin other oud out outgoing output outstanding over overdue own owner
	package packed packing page paid parameter parameters parcel parent parse part participants partner
	parts party password patch patches pause pay payload payment payments pdf pending penningmeester per
	percentage period permanently permission permitted person personal phone pick plaats place plan plant
	please point portal positive possible post postal postcode postgres postgresql prefix prepared preview
	previous price pricing primary print printer priority private procedure process processing product
	production profile program programming project projects promotional property prospect protocol provider
	public purchase purpose push putaway python quality query queue quick quietly quota quotation range
	rapport rate raw read reading reads ready reason receipt received recipient reconciliation record
	recorder recursion redemption redirect redis reference refund refused regel register registration
	reject rejected rekening rekeningnummer related release reminder remote remove rename renewal reorder
	repair repeat replication reply report repost reposting request requested require required reservation
	reset resolution resource response rest restart restricted result retries retry return returned
	revaluation review rol role root route routing rows rule run running sales salutation same saturday save
	saved saving schedule scheduled scheduler schema scheme scope scorecard scoring scrap script search
	second secret secretaris section security see seen segment select selling send sending sent sepa
	september sequence serial server service session set setter setting settings share shareholder shift
	shipment shipping short shortcut should show sidebar sign signature since single site size skill skills
	skip sla slideshow slip slots slow sms smtp social socket some sorry source space spam special specific
	specification sql ssl stage standard standing start started state statement statements status step still
	stock stop stopped storage store stored straat street string stripe style subcontracting submission
	submit submitted subscribed subscription subtype success such suggested sum summary sunday supplied
	supplier support sync syntax system taak table tables tag tally target tariff task tax taxes te team
	tekst telefoonnummer telephony template temporary term termijn terms territory test text than that theme
	then there these they this through thursday time timed timeout times timesheet timeslot title tls to
	today todo toegang token too tool top topic total tour tracker trail transact transaction transfer
	transition translation transport tree trip try tuesday type types uitschrijving unable unauthorised
	unauthorized unavailable unexpected unhandled unicode unique unit unknown unreconcile unsubscribe
	unsupported until uom update updated upload url usage use used user using utc utf utm valid validate
	validation valuation value values variable variant vat vehicle veld vereniging verification verlenging
	verlopen verplicht version vervaldatum vervallen verwijderd verwijderen verzonden video view visit voice
	volunteer volunteers voor voorzitter voucher vouchers vrijwilliger vrijwilligers waarde wachtwoord wait
	waiting warehouse warning warranty was web webhook website wednesday week were werkgroep what when where
	which while whole wijziging will withheld withholding without woonplaats work worker workers workflow
	working workspace workstation write wrong wsgi xml yaml year yes yesterday yet you your zero ziet zip
	""".split()
)

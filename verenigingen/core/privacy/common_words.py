"""Words that are family names as well as everyday words of Dutch, English and of programs. Alone they are no name."""

from __future__ import annotations

COMMON = frozenset(
	"""
	admin administrator agent alert amber amount app april august baan bad baker bakker balance bank bar bass batch bell berg best
	black block board boer boom bond boot booth bos bot box brand bridge broek brook brown bruin buffer bug build burger bush call
	camp card cart case cash cell chain change chapter chase check church city class clay client close cloud code cohen cole
	collect commit company contact cook core corner count court cross crown cruise current customer cutter daily dal damage data
	date datum david day deal december deep default delay delete demo desk dijk disk docker document domain donor door draft
	drake drop druk duke east edge eerste eind email empty end enable engel english entry error eric even event exact factor
	factuur faith false farmer feed field file filter fish fisher flag flink flow folder force ford form format forest foster
	fox frame france frank free french friday front fry gas gate geld general german glass global gold goud grace graf graaf
	grant graph grave gray green grey groen groep groot group guest haas hall hand handler hard harm harper hash head heart
	help hill hit hoek hold holland home hook hope horn host hour house huis hunt hunter index input insert invoice islam
	issue item jaar jade java job join joint july june kamp kerk key kern kind king klant klein klok knight koning koper korte
	lake lamb land lane lang lange law league leeuw leger level lid line link lion list load lock log long loop lord low
	mail main maker manager march mark marker market marsh mason master match max may media meer meester member memory method
	mill miller min mine mint model module molen monday month moon moor more morgen mouse naam name nash new news night noble
	node noord noon north november null number object october office old oost open order oude owner pad page paper park parker
	part pass password patch path pay payment peer pen person pike pine pipe place plan point pool poort port porter post power
	prijs price prime print process project proxy query queue quick rain rate read record red regio reject release report request
	response rest rich ring rise river road rob robot rock role rood root rose round row rule run ruler sales sand saturday
	save scheduler school schema script search sept september server service session set setting sharp shell shield short
	silver site sky small smart smith snow south sparks spring stack staff stage star start state steel steen step stock stone
	stop storm street string strong submit summer sunday swift system table tag task team temple term test text thread thursday
	time timer tin title token tool top tower trace track transaction true tuesday turner type under unit update user valid valk
	value vault veld version view vis visa vision vogel volt voor wachter walk wall ward warm warning water way wave web
	webb wednesday week weg weight well west white wind winter wise wit wolf wood word work worker young zee zomer zone zuid
	zwart maart mei juni juli april januari februari augustus oktober amsterdam rotterdam utrecht groningen haarlem leiden delft
	gouda hoorn alkmaar zwolle deventer arnhem nijmegen eindhoven tilburg breda almere assen emmen leeuwarden venlo maastricht
	""".split()
)

"""What a Spaniard, a Mexican, a French and an Italian person reads aloud. Expectations were written by hand."""

from __future__ import annotations

import pytest

from adapters.engines.kokoro.spoken import spoken

SPANISH = [
    ("21", "veintiuno"),
    ("1.234,56", "mil doscientos treinta y cuatro coma cincuenta y seis"),
    ("21.000", "veintiún mil"),
    ("1 libro", "un libro"),
    ("1 casa", "una casa"),
    ("21 casas", "veintiuna casas"),
    ("200 personas", "doscientas personas"),
    ("10%", "diez por ciento"),
    ("10-15", "diez a quince"),
    ("-5", "menos cinco"),
    ("3,50 €", "tres euros con cincuenta céntimos"),
    ("1 €", "un euro"),
    ("1.000.000 €", "un millón de euros"),
    ("$2 millones", "dos millones de dólares"),
    ("22/11/2026", "veintidós de noviembre de dos mil veintiséis"),
    ("1 de mayo", "primero de mayo"),
    ("a las 14:30", "a las catorce y treinta"),
    ("a la 1:15", "a la una y quince"),
    ("25 °C", "veinticinco grados Celsius"),
    ("5 kg", "cinco kilos"),
    ("siglo XXI", "siglo veintiuno"),
    ("Felipe VI", "Felipe sexto"),
    ("Isabel II", "Isabel segunda"),
    ("el 3er piso", "el tercer piso"),
    ("la 2ª vez", "la segunda vez"),
    ("el Sr. López", "el Señor López"),
    ("pan, leche, etc.", "pan, leche, etcétera."),
    ("EE. UU. y México", "Estados Unidos y México"),
    ("nº 5", "número cinco"),
    ("3/4", "tres cuartos"),
    ("ana@correo.es", "ana arroba correo punto es"),
    ("Nací en 1985.", "Nací en mil novecientos ochenta y cinco."),
    ("612 345 678", "seis uno dos, tres cuatro cinco, seis siete ocho"),
]
FRENCH = [
    ("21", "vingt et un"),
    ("71", "soixante et onze"),
    ("80", "quatre-vingts"),
    ("1 234,56", "mille deux cent trente-quatre virgule cinquante-six"),
    ("21 personnes", "vingt et une personnes"),
    ("1 page", "une page"),
    ("10 %", "dix pour cent"),
    ("10-15", "dix à quinze"),
    ("3,50 €", "trois euros et cinquante centimes"),
    ("1 000 000 €", "un million d'euros"),
    ("2 millions €", "deux millions d'euros"),
    ("22/11/2026", "vingt-deux novembre deux mille vingt-six"),
    ("le 1er mai", "le premier mai"),
    ("14h30", "quatorze heures trente"),
    ("à 1h", "à une heure"),
    ("21:00", "vingt et une heures"),
    ("25 °C", "vingt-cinq degrés Celsius"),
    ("1,5 km", "un virgule cinq kilomètre"),
    ("5 kg", "cinq kilos"),
    ("XXIe siècle", "vingt et unième siècle"),
    ("Louis XIV", "Louis quatorze"),
    ("François Ier", "François premier"),
    ("la 2e fois", "la deuxième fois"),
    ("M. Dupont et Mme Curie", "Monsieur Dupont et Madame Curie"),
    ("pain, lait, etc.", "pain, lait, et cetera."),
    ("n° 5", "numéro cinq"),
    ("06 12 34 56 78", "zéro six, douze, trente-quatre, cinquante-six, soixante-dix-huit"),
    ("3/4", "trois quarts"),
    ("1 1/2", "un et demi"),
    ("Né en 1985.", "Né en mille neuf cent quatre-vingt-cinq."),
]
ITALIAN = [
    ("21", "ventuno"),
    ("1.234,56", "milleduecentotrentaquattro virgola cinquantasei"),
    ("1 libro", "un libro"),
    ("1 casa", "una casa"),
    ("28", "ventotto"),
    ("10%", "dieci per cento"),
    ("10-15", "dieci a quindici"),
    ("3,50 €", "tre euro e cinquanta centesimi"),
    ("1 €", "un euro"),
    ("2 milioni €", "due milioni di euro"),
    ("$5", "cinque dollari"),
    ("22/11/2026", "ventidue novembre duemilaventisei"),
    ("1º maggio", "primo maggio"),
    ("1 maggio", "primo maggio"),
    ("alle 14:30", "alle quattordici e trenta"),
    ("alle ore 9.15", "alle ore nove e quindici"),
    ("25 °C", "venticinque gradi Celsius"),
    ("5 kg", "cinque chili"),
    ("100 km/h", "cento chilometri orari"),
    ("XXI secolo", "ventunesimo secolo"),
    ("Luigi XIV", "Luigi quattordicesimo"),
    ("la 2ª volta", "la seconda volta"),
    ("il Sig. Rossi", "il Signor Rossi"),
    ("pane, latte, ecc.", "pane, latte, eccetera."),
    ("n. 5", "numero cinque"),
    ("3/4", "tre quarti"),
    ("ana@posta.it", "ana chiocciola posta punto it"),
    ("Nato nel 1985.", "Nato nel millenovecentottantacinque."),
]


@pytest.mark.parametrize(("written", "said"), SPANISH)
def test_a_spaniard_reads(written: str, said: str) -> None:
    assert spoken(written, "es-ES") == said


def test_a_mexican_writes_a_point_before_the_fraction_and_pays_in_pesos() -> None:
    assert spoken("$1,234.50", "es-MX") == "mil doscientos treinta y cuatro pesos con cincuenta centavos"


def test_a_chilean_pays_in_pesos_with_a_decimal_comma() -> None:
    assert spoken("$1.234", "es-CL") == "mil doscientos treinta y cuatro pesos"


@pytest.mark.parametrize(("written", "said"), FRENCH)
def test_a_french_person_reads(written: str, said: str) -> None:
    assert spoken(written, "fr") == said


@pytest.mark.parametrize(("written", "said"), ITALIAN)
def test_an_italian_reads(written: str, said: str) -> None:
    assert spoken(written, "it") == said

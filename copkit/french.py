"""How numbers, dates and lists are written in French: decimal comma, narrow no-break space, « n.d. »."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

_MEASURED = re.compile(  # between a number and its unit; a unit « L/100 km » stays one
    r"(?<=\d)(?<!/100) (?=[kMG]?tCO₂|k?gCO₂|(?:k|M|Md)?€"
    r"|(?:[kM]?t|k?g|k?m|ha|L|[kMGT]?Wh|[kMG]W|milliers|millions|milliards)\b)"
)
_NEITHER = re.compile(r"[\W_]+")  # letter nor digit
NARROW = "\u202f"  # narrow no-break space: thousands, before « % », « ; », « ? »
UNKNOWN = "n.d."
MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)


def number(value: float | None, decimals: int = 1) -> str:
    """A number in French; « n.d. » for an unknown one. Rounds once, from full precision.

    >>> number(22764.3893, 1)
    '22\u202f764,4'
    >>> number(60.4879, 0), number(-1278, 0), number(float("nan"))
    ('60', '−1\u202f278', 'n.d.')
    """
    if value is None or math.isnan(value):
        return UNKNOWN
    text = f"{abs(value):,.{decimals}f}".replace(",", NARROW).replace(".", ",")
    negative = value < 0 and text.strip("0," + NARROW) != ""
    return f"−{text}" if negative else text


def exact(value: float) -> str:
    """A number with the digits that it was typed with, and no space.

    >>> exact(-1234.5), exact(12.0), exact(0.00001), exact(1e300)
    ('−1234,5', '12', '0,00001', '1e+300')
    """
    text = repr(abs(float(value)))
    text = text if abs(value) >= 1e16 else f"{Decimal(text):f}"
    return ("−" if value < 0 else "") + text.removesuffix(".0").replace(".", ",")


def quantity(value: float | None) -> str:
    """A physical quantity with about three significant digits, so that 5,6 L and 446,7 milliers both read well.

    >>> quantity(5.61342), quantity(446.7), quantity(12972.2), quantity(0.0896)
    ('5,61', '447', '12\u202f972', '0,090')
    """
    if value is None or math.isnan(value):
        return UNKNOWN
    size = abs(value)
    decimals = 0 if size >= 100 or size == 0 else 1 if size >= 10 else 2 if size >= 1 else 3
    return number(value, decimals)


def rough(value: float | None, figures: int = 2, decimals: int = 0) -> str:
    """A number with so many significant figures, and ``decimals`` at most: what is known in order of magnitude only.

    >>> rough(9207.6), rough(338.9), rough(88.3), rough(0.3), rough(0.0), rough(-1278.0, 3)
    ('9\u202f200', '340', '88', '<\u00a01', '0', '−1\u202f280')
    >>> rough(7.06, 2, 3), rough(0.0328, 2, 3), rough(15.2, 2, 3)
    ('7,1', '0,033', '15')
    """
    if value is None or math.isnan(value):
        return UNKNOWN
    if 0 < abs(value) < 0.5 * 10**-decimals:
        return f"<\u00a0{number(10**-decimals, decimals)}"
    place = min(figures - 1 - math.floor(math.log10(abs(value))), decimals) if value else 0
    return number(round(value, place), max(place, 0))


def step(value: float | None, figures: int = 2, decimals: int = 1) -> float:
    """The place of the last of so many significant figures, and ``decimals`` at most; 0 where every figure counts.

    >>> step(9207.6), step(337.2, 1), step(0.3), step(0.0328, 2, 3), step(9207.6, 0)
    (100.0, 100.0, 0.1, 0.001, 0.0)
    """
    if not figures or not value or math.isnan(value):
        return 0.0
    return 10.0 ** max(-decimals, math.floor(math.log10(abs(value))) - figures + 1)


def to_step(value: float | None, step: float, decimals: int = 1) -> str:
    """A number to a place; with so many decimals where there is none.

    >>> to_step(9257.6, 100), to_step(22.4, 100), to_step(-37.2, 10), to_step(0.34, 0.1), to_step(37.2, 0)
    ('9\u202f300', '<\u00a0100', '−40', '0,3', '37,2')
    """
    if value is None or not step:
        return number(value, decimals)
    shown = max(0, -round(math.log10(step)))
    if 0 < abs(value) < step / 2:
        return f"<\u00a0{number(step, shown)}"
    return number(value if math.isnan(value) else round(value / step) * step, shown)


def short(value: float | None) -> str:
    """A share, in %, without its sign: whole from 10, one decimal below.

    >>> short(34.48), short(9.96), short(2.21), short(0.02), short(0.0), short(float("nan"))
    ('34', '10', '2,2', '<\u00a00,1', '0', 'n.d.')
    """
    if value and 0 < abs(value) < 0.05:
        return "<\u00a00,1"
    return number(value, 0 if not value or abs(round(value, 1)) >= 10 else 1)


def share(value: float | None) -> str:
    """The same with its sign.

    >>> share(34.48), share(2.21)
    ('34\u202f%', '2,2\u202f%')
    """
    text = short(value)
    return text if text == UNKNOWN else f"{text}{NARROW}%"


def significant(value: float | None, digits: int = 2) -> str:
    """A number rounded to what it is worth, without a zero behind its decimals.

    >>> significant(446_700), significant(0.176), significant(1.04), significant(9.97), significant(15.24, 3)
    ('450\u202f000', '0,18', '1', '10', '15,2')
    """
    text = rough(value, digits, 9)
    return text.rstrip("0").rstrip(",") if "," in text else text


def euros(value: float) -> str:
    """An amount with two significant digits: « 126 M€ », « 350 k€ ».

    >>> euros(126_430_000), euros(350_000), euros(0), euros(float("nan"))
    ('130\xa0M€', '350\xa0k€', '0\xa0€', 'n.d.')
    """
    if value != value:
        return UNKNOWN
    for unit, size in (("Md€", 1e9), ("M€", 1e6), ("k€", 1e3)):
        if value >= size:
            return f"{significant(value / size)}\u00a0{unit}"
    return f"{number(value, 0)}\u00a0€"


def signed(value: float | None, decimals: int = 1) -> str:
    """A difference, with its sign; none for what is written zero.

    >>> signed(1646.0, 0), signed(-56.2, 0), signed(0.3, 0)
    ('+1\u202f646', '−56', '0')
    """
    text = number(value, decimals)
    return f"+{text}" if value and value > 0 and text.strip("0,") else text


def percent(value: float | None, decimals: int = 1) -> str:
    """A percentage given in percent.

    >>> percent(34.986, 2)
    '34,99\u202f%'
    """
    text = number(value, decimals)
    return text if text == UNKNOWN else f"{text}{NARROW}%"


def seconds(value: float) -> str:
    """A duration [s]: with a comma, and plural from 2.

    >>> seconds(4), seconds(1.5)
    ('4 secondes', '1,5 seconde')
    """
    return f"{number(value, 0 if value == int(value) else 1)} seconde{'s' if value >= 2 else ''}"


def beside(value: float, limit: float, decimals: int, below: str = "< ") -> str:
    """A number; one that rounding would put at a limit says that it is below it, without a digit more.

    >>> beside(1.46, 1.5, 1), beside(1.32, 1.5, 1), beside(1.5, 1.5, 1), beside(49.7, 50, 0, "près de ")
    ('< 1,5', '1,3', '1,5', 'près de 50')
    """
    if value < limit <= round(value, decimals):
        return f"{below}{number(limit, decimals)}"
    return number(value, decimals)


def plural(count: int, noun: str, plural_noun: str | None = None) -> str:
    """A count with its noun.

    >>> plural(1, "levier"), plural(3, "levier"), plural(2, "échec")
    ('1 levier', '3 leviers', '2 échecs')
    """
    return f"{number(count, 0)} {noun if abs(count) < 2 else plural_noun or noun + 's'}"


def join(words: Iterable[str]) -> str:
    """A list in a sentence; nothing of none.

    >>> join([]), join(["a"]), join(["a", "b", "c"])
    ('', 'a', 'a, b et c')
    """
    *head, last = [*words] or [""]
    return f"{', '.join(head)} et {last}" if head else last


def capital(text: str) -> str:
    """The text with a capital first, the rest as it is.

    >>> capital("émissions de CO2"), capital("")
    ('Émissions de CO2', '')
    """
    return text[:1].upper() + text[1:]


def rank(position: int, feminine: bool = True) -> str:
    """An ordinal.

    >>> rank(1), rank(2), rank(1, feminine=False)
    ('1re', '2e', '1er')
    """
    return ("1re" if feminine else "1er") if position == 1 else f"{position}e"


def short_date(day: date) -> str:
    """A date in figures.

    >>> short_date(date(2025, 3, 31))
    '31/03/2025'
    """
    return f"{day:%d/%m/%Y}"


def long_date(day: date) -> str:
    """A date in a sentence.

    >>> long_date(date(2026, 11, 1)), long_date(date(2025, 3, 31))
    ('1er novembre 2026', '31 mars 2025')
    """
    return f"{rank(1, feminine=False) if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


def moment(at: datetime) -> str:
    """A date and its time.

    >>> moment(datetime(2026, 11, 1, 18, 5))
    '1er novembre 2026 à 18\u202fh\u202f05'
    """
    return f"{long_date(at)} à {at.hour}{NARROW}h{NARROW}{at.minute:02d}"


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Lower case, without accents, spaces, hyphens or apostrophes told apart: for matching names.

    >>> plain("Provence-Alpes-Côte d’Azur")
    'provence alpes cote d azur'
    """
    if not text.isascii():
        folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
        text = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(_NEITHER.sub(" ", text.casefold()).split())


@lru_cache(maxsize=4096)
def typeset(text: str) -> str:
    """A sentence as it is printed: apostrophes, no-break spaces before ; ? ! » % and units, after «, and CO₂.

    >>> typeset("L'effort « hors forêt » : 12 ktCO2e ?")
    'L’effort «\xa0hors forêt\xa0»\xa0: 12\xa0ktCO₂e\u202f?'
    >>> typeset("2 km, 3 kmh, 4 %")
    '2\xa0km, 3 kmh, 4\u202f%'
    """
    text = text.replace("CO2", "CO₂").replace("'", "’")
    text = re.sub(r" ([;?!%])", rf"{NARROW}\1", _MEASURED.sub("\u00a0", text))
    return re.sub(r"« ", "«\u00a0", re.sub(r" ([:»])", "\u00a0\\1", text))

"""One cell of a file, turned into a value by a closed grammar: number, date, yes or no, SIREN.

Each function takes the text of a cell and gives (value, what is wrong). They are mapped over the distinct texts
of a column, never over its rows. What the grammar does not hold, or what it could read in two ways, is reported and
left empty: nothing is guessed.

Numbers
    digits       0, 12500: no leading zero, which is the mark of a code or of a telephone number
    thousands    groups of exactly three digits, one mark throughout: a space of any width or an apostrophe (12 500);
                 a point or a comma where there are two of them (1.234.567) or where the decimal mark is the other one
                 (1.234,5 and 1,234.5)
    decimals     a comma or a point (12500,5 and 12500.5)
    sign         + - −
    power        as a spreadsheet writes it, with its sign (1,5E+06)
    behind it    money: k, M, Md, milliers, millions, milliards, then €, EUR, euros, then HT, TTC; months: mois;
                 nothing behind any other number: a unit has its own column
    two ways     one to three digits, a mark, three digits: 1.500 is 1500 or 1,5. It is a decimal when the mapping says
                 so (``decimal``), when the workbook has a number there, and in 0,125. In money a comma before three
                 digits or more that end in a zero may also part two amounts (1500,2500)

Dates
    31/03/2025, 31.03.2025, 31-03-2025, 2025-03-31, 31 mars 2025, lundi 1er mars 2025; a time of day may follow.
    The day comes first; where a column has a date whose second part can only be the day (03/31/2025), those that
    can be read both ways are reported too. A year has four digits.

Numbers and years outside the bounds of ``parameters/plausible.yml`` are reported.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import numpy as np
import pandas as pd

from copkit import french
from copkit.intake import columns, fields, gazetteer, personal, plausible

Answer = tuple[object, str]  # the value, and the message (empty when nothing is wrong)


_MONTHS = [french.plain(month) for month in french.MONTHS]
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_TIME = r"(?:(?:[T ]| à )(?:[01]?\d|2[0-3])[:hH][0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?"
_ISO = re.compile(rf"(\d{{4}})-(\d{{1,2}})-(\d{{1,2}}){_TIME}", re.ASCII)
_FRENCH = re.compile(rf"(\d{{1,2}})([/.\-])(\d{{1,2}})\2(\d{{4}}|\d\d){_TIME}", re.ASCII)
_WRITTEN = re.compile(rf"(?:(?:{'|'.join(_DAYS)}) )?(\d{{1,2}})(?:er)? ({'|'.join(_MONTHS)}) (\d{{4}})", re.ASCII)
_WRITE_DATE = "Écrire une date comme 2025-03-31 ou 31/03/2025."
_MONTH_FIRST = re.compile(r"^\s*(?:0?[1-9]|1[0-2])[/.\-](?:1[3-9]|2\d|3[01])[/.\-]\d{4}\b")

_NUMBER = re.compile(
    r"""(?P<sign>[+−-]?)[ ]?(?:
      (?P<power>\d(?:[.,]\d+)?e[+-]\d{1,3})
    | (?P<pointed>[1-9]\d{0,2}(?:\.\d{3})+),(?P<after_comma>\d+)
    | (?P<commaed>[1-9]\d{0,2}(?:,\d{3})+)\.(?P<after_point>\d+)
    | (?P<grouped>[1-9]\d{0,2}(?:(?:\.\d{3}){2,}|(?:,\d{3}){2,}))
    | (?P<whole>[1-9]\d{0,2}(?P<group>[ \u00a0\u2009\u202f'’])\d{3}(?:(?P=group)\d{3})*|0|[1-9]\d*)
      (?:(?P<mark>[.,])(?P<decimals>\d+))?
    )""",
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)
_BEHIND = {  # what may stand behind a number, by kind
    "money": re.compile(
        r"(?P<scale>[kK]|M|(?i:mds?|milliers?|millions?|milliards?))?\s?(?:d['’]\s?)?(?i:€|eur|euros?)?\s?(?i:ht|ttc)?"
    ),
    "months": re.compile("(?:mois)?"),
}
_SCALES = {"": 0, "k": 3, "m": 6, "md": 9, "mds": 9}
_SCALES |= {f"{word}{s}": power for word, power in (("millier", 3), ("million", 6), ("milliard", 9)) for s in ("", "s")}
_WRITE_NUMBER = "Écrire seulement des chiffres, par exemple 12500 ou 12500,50."
_YES_NO = {
    **dict.fromkeys(("oui", "o", "yes", "on", "vrai", "true", "1", "x"), fields.YES),
    **dict.fromkeys(("non", "n", "no", "off", "faux", "false", "0"), fields.NO),
}


def by_text(cells: pd.Series, convert: Callable[[str], tuple]) -> list[np.ndarray]:
    """``convert`` on each distinct text of a column: one array for each thing that it gives."""
    codes, texts = pd.factorize(cells)
    answers = list(zip(*map(convert, texts.tolist() if hasattr(texts, "tolist") else list(texts)), strict=True))
    if not answers:
        width = len(convert(""))
        return [np.empty(0, dtype=object)] * width
    out = []
    for values in answers:
        array = np.empty(len(values), dtype=object)
        array[:] = values
        out.append(array[codes])
    return out


def read(
    name: str,
    kind: fields.Kind,
    texts: pd.Series,
    decimal: str = "",
    numbers: np.ndarray | None = None,
    day_first: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """The values of a column of a kind of field that ``READ`` knows, and what is wrong with each.

    ``decimal``: the mark of the decimals, where the mapping says it; ``numbers``: where the text is that of a number
    of a workbook, whose mark is a point; ``day_first``: no date of the column has its month first.
    """
    if kind not in fields.NUMBERS:
        return by_text(texts, partial(day, day_first=day_first) if kind == "date" else READ[kind])
    how = partial(number, kind=kind, bounds=plausible.of(kind, name))
    values, wrong = by_text(texts, partial(how, decimal=decimal))
    if numbers is not None and numbers.any():
        values[numbers], wrong[numbers] = by_text(texts[numbers], partial(how, decimal="."))
    return values.astype(float), wrong


def number(
    text: str, kind: fields.Kind = "number", decimal: str = "", bounds: plausible.Bounds | None = None
) -> Answer:
    """A number of a kind, as the grammar above has it; ``decimal``: the mark that is known to be the one of decimals.

    >>> number("1\u202f234,50 €", "money")[0], number("150 k€", "money")[0], number("1.500", decimal=".")[0]
    (1234.5, 150000.0, 1.5)
    >>> number("environ 3")[1]
    'nombre attendu. Écrire seulement des chiffres, par exemple 12500 ou 12500,50.'
    >>> number("1.500")[1].split(" Si ")[0]
    'nombre ambigu, 1500 ou 1,5 ? Écrire 1500 ou 1,50.'
    """
    if not text:
        return float("nan"), ""
    value, wrong = _year(text) if kind == "year" else _measure(text, kind, decimal)
    if not wrong and not math.isfinite(value):
        wrong = f"nombre attendu. {_WRITE_NUMBER}"
    elif not wrong and (bounds := bounds or plausible.of(kind)):
        wrong = bounds.refuse(value)
    return (float("nan"), wrong) if wrong else (value, "")


def _measure(text: str, kind: str, decimal: str) -> Answer:
    text = text.replace("\u200b", "").strip()
    found = _NUMBER.match(text)
    behind = _BEHIND[kind].fullmatch(text[found.end() :].strip()) if found and kind in _BEHIND else None
    if not found or (not behind and found.end() != len(text)) or personal.is_telephone(text):
        return float("nan"), _not_a_number(text, kind, found)
    part = found.groupdict()
    scale = _SCALES[(behind.groupdict().get("scale") or "").lower() if behind else ""]
    whole = re.sub(r"\D", "", part["pointed"] or part["commaed"] or part["grouped"] or part["whole"] or "")
    decimals = part["decimals"] or part["after_comma"] or part["after_point"] or ""
    known = found.end() == len(text) and not part["group"] and part["mark"] == decimal
    wrong = "" if known else _two_ways(part, kind)
    if not wrong and kind == "money" and found.end() == len(text) and not decimals.strip("0"):
        wrong = _a_code(whole)
    digits = part["power"].replace(",", ".") if part["power"] else f"{whole}.{decimals}e{scale}"
    return float(part["sign"].replace("−", "-") + digits), wrong


def _two_ways(part: dict[str, str], kind: str) -> str:
    """Why a number could be read in two ways; empty when it cannot."""
    whole, mark, decimals = part["whole"] or "", part["mark"], part["decimals"] or ""
    if not mark:
        return ""
    if not part["group"] and len(whole) <= 3 and whole != "0" and len(decimals) == 3:
        short = decimals.rstrip("0") or "0"
        other = f"{whole},{short}" if len(short) < 3 else f"{whole},{decimals}"
        clear = f"{whole},{short:0<2}" if len(short) < 3 else f"{whole},{decimals}0"
        return (
            f"nombre ambigu, {whole}{decimals} ou {other} ? Écrire {whole}{decimals} ou {clear}. Si tout le fichier a "
            f'des décimales écrites ainsi, ajouter à la correspondance : decimal: "{mark}".'
        )
    years = mark == "," and all(re.fullmatch(r"(?:19|20)\d\d", one) for one in (whole, decimals))
    if years or (kind == "money" and mark == "," and len(decimals) >= 3 and decimals.endswith("0")):
        return f"nombre ambigu, deux nombres ({whole} et {decimals}) ou un seul ? Écrire un seul nombre."
    return ""


def _a_code(whole: str) -> str:
    """Why the digits of an amount look like those of a SIREN or a SIRET; empty when they do not."""
    doubled = [int(c) * (1 + i % 2) for i, c in enumerate(reversed(whole))]
    name = {9: "SIREN", 14: "SIRET"}.get(len(whole))
    luhn = sum(sum(divmod(d, 10)) for d in doubled) % 10 == 0
    if not name or (name == "SIREN" and (whole.endswith("000") or not luhn)):
        return ""
    return f"nombre attendu, et non un {name}. Si c'est un montant, écrire « € » derrière."


def _not_a_number(text: str, kind: str, found: re.Match | None) -> str:
    """What a text is, in place of the number that was waited for."""
    bare = re.sub(r"\s", "", text)
    behind = text[found.end() :].strip() if found else ""
    if personal.is_telephone(text):
        said = ", et non un numéro de téléphone"
    elif re.fullmatch(r"\d{14}", bare):
        said = ", et non un SIRET"
    elif "%" in text:
        said = ", et non un pourcentage"
    elif _ISO.fullmatch(text) or _FRENCH.fullmatch(text) or _WRITTEN.fullmatch(french.plain(text)):
        said = ", et non une date"
    elif re.fullmatch(r"0\d+", bare):
        said = ", et non un code qui commence par zéro"
    elif re.fullmatch(r"[\d.,;/|\s'’+−-]+", text) and re.search(r"\d\D+\d", text):
        said = ", et un seul, ses chiffres groupés par trois"
    elif behind == "m" or (kind == "money" and re.match(r"m\s?(?:€|eur)", behind)):
        said = f" sans « {behind} », qui peut dire millier, million, mètre ou mois"
    elif re.fullmatch(r"[^\W\d_]{1,12}[²³]?(?:/\w+)*", behind):
        said = f", « {behind} » n'est pas admis derrière"
        said += ", l'unité a sa colonne" if kind == "quantity" else ""
    else:
        said = ""
    return f"nombre attendu{said}. {_WRITE_NUMBER}"


def _year(text: str) -> Answer:
    """A year, alone or inside a date."""
    if re.fullmatch(r"[1-9]\d{3}(?:\.0)?", text, re.ASCII):
        return float(text), ""
    iso, _ = day(text)
    return (float(iso[:4]), "") if iso else (float("nan"), "année attendue. Écrire quatre chiffres, comme 2025.")


def month_first(texts: pd.Series) -> bool:
    """True when a date of a column can only have its month before its day."""
    return bool(columns.holds(texts, _MONTH_FIRST).any())


def day(text: str, day_first: bool = True) -> Answer:
    """A date as AAAA-MM-JJ, as the grammar above has it; ``day_first``: nothing says that the month may come first.

    >>> day("31/03/2025")[0], day("2025-03-31 10:12:00 +0200")[0], day("1er mars 2025")[0]
    ('2025-03-31', '2025-03-31', '2025-03-01')
    >>> day("31/02/2025")
    ('', "cette date n'existe pas. Écrire une date comme 2025-03-31 ou 31/03/2025.")
    >>> day("31/03/99")[1]
    'année à deux chiffres, 1999 ou 2099 ? Écrire une date comme 2025-03-31 ou 31/03/2025.'
    """
    text = text.strip()
    if not text:
        return "", ""
    if found := _ISO.fullmatch(text):
        year, month, of_month = map(int, found.groups())
    elif found := _FRENCH.fullmatch(text):
        of_month, month = int(found[1]), int(found[3])
        if len(found[4]) == 2:
            return "", f"année à deux chiffres, 19{found[4]} ou 20{found[4]} ? {_WRITE_DATE}"
        year = int(found[4])
        if of_month <= 12 < month <= 31:
            return "", f"cette date n'existe pas : le mois semble écrit avant le jour. {_WRITE_DATE}"
        if not day_first and of_month <= 12 and of_month != month:
            other = "Une autre date de la colonne a le mois avant le jour"
            return "", f"jour {of_month} ou mois {of_month} ? {other}. Écrire AAAA-MM-JJ."
    elif found := _WRITTEN.fullmatch(french.plain(text)):
        of_month, month, year = int(found[1]), _MONTHS.index(found[2]) + 1, int(found[3])
    elif re.fullmatch(r"[34567]\d{4}(\.\d+)?", text, re.ASCII):  # what a workbook shows when its format is lost
        asked = french.short_date(date(1899, 12, 30) + timedelta(days=int(float(text))))
        return "", f"nombre au lieu d'une date. Si c'est le {asked}, mettre la cellule au format date."
    else:
        return "", f"date illisible. {_WRITE_DATE}"
    try:
        made = date(year, month, of_month)
    except ValueError:
        return "", f"cette date n'existe pas. {_WRITE_DATE}"
    wrong = plausible.of("year").refuse(year)
    return ("", f"l'année {wrong}") if wrong else (made.isoformat(), "")


def yes_no(text: str) -> Answer:
    """« oui », « non » or nothing.

    >>> yes_no("Oui")[0], yes_no("off")[0], yes_no("peut-être")[1]
    ('oui', 'non', 'oui ou non attendu. Écrire « oui » ou « non », ou laisser vide.')
    """
    if not text:
        return "", ""
    found = _YES_NO.get(french.plain(text))
    return (found, "") if found else ("", "oui ou non attendu. Écrire « oui » ou « non », ou laisser vide.")


def siren(text: str) -> Answer:
    """The SIREN (9 digits) of a SIREN or of a SIRET (14 digits), even when a workbook made a number of it.

    >>> siren("210 103 768")[0], siren("21010376800012")[0], siren("200071892.0")[0]
    ('210103768', '210103768', '200071892')
    """
    bare = re.sub(r"[\s.\-]", "", text.removesuffix(".0"))
    if not bare:
        return "", ""
    if re.fullmatch(r"\d{9}|\d{14}", bare, re.ASCII):
        return bare[:9], ""
    return "", "SIREN (9 chiffres) ou SIRET (14 chiffres) attendu. Le chercher sur annuaire-entreprises.data.gouv.fr."


READ: dict[str, Callable[[str], Answer]] = {  # kind of field → how a cell of it is read
    **{kind: partial(number, kind=kind) for kind in fields.NUMBERS},
    "date": day,
    "yes_no": yes_no,
    "siren": siren,
    "territory": gazetteer.territory,
}

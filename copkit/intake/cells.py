"""One cell of a file of projects, turned into a value: number, date, yes or no, SIREN; and e-mails masked in texts.

Each function takes the text of a cell and gives (value, what is wrong). They are mapped over the distinct texts
of a column, never over its rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd

from copkit import french
from copkit.intake import fields, gazetteer

Answer = tuple[object, str]  # the value, and the message (empty when nothing is wrong)

MASK = "[retiré]"
_AT = r"\s?(?:@|\[at\]|\(at\)|\[arobase\]|\(arobase\))\s?"
_EMAIL = rf"[\w.+%'’-]+{_AT}[\w-]+(?:\.[\w-]+)+"
_GAP = r"[\s.\-–/]?"
_PHONE = (
    rf"(?<![\d,.])(?:(?:\+|00)33{_GAP}(?:\(0\){_GAP})?|0)[1-9](?:{_GAP}\d\d){{4}}(?!\d)"
    rf"|\+(?!33)\d{{2,3}}{_GAP}\d(?:{_GAP}\d){{5,10}}(?!\d)"
)
_PERSONAL = re.compile(rf"{_EMAIL}|{_PHONE}", re.IGNORECASE)
_MAY_BE_PERSONAL = r"@|[\[(]a(?:t|robase)[\])]|\d\D{0,2}\d\D{0,2}\d\D{0,2}\d\D{0,2}\d\D{0,2}\d"  # read by a fast engine
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f]"  # no spreadsheet accepts them

_MONTHS = (
    *("janvier", "fevrier", "mars", "avril", "mai", "juin"),
    *("juillet", "aout", "septembre", "octobre", "novembre", "decembre"),
)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_FRENCH = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})(?: .*)?")
_WRITTEN = re.compile(r"(?:\w+ )?(\d{1,2})(?:er)? (\w+) (\d{4})")
_WRITE_DATE = "Écrire une date comme 2025-03-31 ou 31/03/2025."
_SCALES = {"k": 1e3, "m": 1e6, "md": 1e9}
_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(k|md|m)?(?:€|eur|euros?)?(?:ht|ttc)?", re.IGNORECASE)
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


def number(text: str) -> Answer:
    """A number as it is typed in France: spaces of any kind, decimal comma, €, k€, M€.

    >>> number("1\u202f234,50 €")[0], number("150 k€")[0], number("23828.9")[0]
    (1234.5, 150000.0, 23828.9)
    >>> number("environ 3")[1]
    'nombre attendu. Écrire seulement des chiffres, par exemple 12500 ou 12500,50.'
    """
    if not text:
        return float("nan"), ""
    bare = "".join(text.split()).replace("−", "-").lower()
    bare = bare.replace("\u200b", "")
    if bare.count(",") == 1 and "." in bare and bare.rindex(",") > bare.rindex("."):
        bare = bare.replace(".", "")  # 1.234.567,89
    elif bare.count(",") > 1 or ("," in bare and "." in bare):
        bare = bare.replace(",", "")  # 1,234,567.89
    elif bare.count(".") > 1:
        bare = bare.replace(".", "")  # 1.234.567
    found = _NUMBER.fullmatch(bare.replace(",", "."))
    value = float(found[1]) * _SCALES.get((found[2] or "").lower(), 1.0) if found else float("nan")
    if not np.isfinite(value):
        return float("nan"), "nombre attendu. Écrire seulement des chiffres, par exemple 12500 ou 12500,50."
    return value, ""


def day(text: str) -> Answer:
    """A date as AAAA-MM-JJ, from the usual French and ISO ways to write it.

    >>> day("31/03/2025")[0], day("2025-03-31 10:12:00 +0200")[0], day("1er mars 2025")[0]
    ('2025-03-31', '2025-03-31', '2025-03-01')
    >>> day("31/02/2025")
    ('', "cette date n'existe pas. Écrire une date comme 2025-03-31 ou 31/03/2025.")
    """
    if not text:
        return "", ""
    if found := _ISO.fullmatch(text):
        year, month, of_month = map(int, found.groups())
    elif found := _FRENCH.fullmatch(text):
        of_month, month, year = map(int, found.groups())
        year += 2000 if len(found[3]) == 2 else 0
    elif (found := _WRITTEN.fullmatch(french.plain(text))) and found[2] in _MONTHS:
        of_month, month, year = int(found[1]), _MONTHS.index(found[2]) + 1, int(found[3])
    elif re.fullmatch(r"[34567]\d{4}(\.\d+)?", text):  # the number that a workbook shows when its format is lost
        asked = date(1899, 12, 30) + timedelta(days=int(float(text)))
        return "", f"nombre au lieu d'une date. Si c'est le {asked:%d/%m/%Y}, mettre la cellule au format date."
    else:
        return "", f"date illisible. {_WRITE_DATE}"
    try:
        made = date(year, month, of_month)
    except ValueError:
        return "", f"cette date n'existe pas. {_WRITE_DATE}"
    if not 1950 <= year <= 2100:
        return "", f"l'année {year} est hors de 1950-2100. {_WRITE_DATE}"
    return made.isoformat(), ""


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
    if re.fullmatch(r"\d{9}|\d{14}", bare):
        return bare[:9], ""
    return "", "SIREN (9 chiffres) ou SIRET (14 chiffres) attendu. Le chercher sur annuaire-entreprises.data.gouv.fr."


def whole_year(text: str) -> Answer:
    """A year, alone or inside a date."""
    value, wrong = number(text)
    if not wrong and (not text or (1950 <= value <= 2100 and value == int(value))):
        return value, ""
    iso, wrong = day(text)
    return (float(iso[:4]), "") if not wrong else (float("nan"), "année attendue. Écrire quatre chiffres, comme 2025.")


READ: dict[str, Callable[[str], Answer]] = {  # kind of field → how a cell of it is read
    "number": number,
    "date": day,
    "yes_no": yes_no,
    "siren": siren,
    "year": whole_year,
    "territory": gazetteer.territory,
}


def clean(cells: pd.Series, missing: set[str]) -> pd.Series:
    """Without the spaces around, without control characters; what means « nothing » becomes empty."""
    cells = cells.str.strip()
    odd = cells.str.contains(_CONTROL, regex=True)
    if odd.any():
        cells = cells.where(~odd, cells.str.replace(_CONTROL, "", regex=True).str.strip())
    return cells.mask(cells.str.casefold().isin(missing), "")


def mask(text: str) -> str:
    """The text without e-mail addresses and telephone numbers.

    >>> mask("voir marie@exemple.fr ou 03 20 00 00 00")
    'voir [retiré] ou [retiré]'
    """
    return _PERSONAL.sub(MASK, text)


def masked(cells: pd.Series) -> tuple[pd.Series, int]:
    """A column without e-mail addresses and telephone numbers, and how many cells held one."""
    suspect = cells.str.contains(_MAY_BE_PERSONAL, regex=True)
    if not suspect.any():
        return cells, 0
    found = cells[suspect]
    hidden = found.map(mask)
    changed = hidden != found
    if changed.any():
        cells = cells.copy()
        cells.loc[hidden.index[changed]] = hidden[changed]
    return cells, int(changed.sum())

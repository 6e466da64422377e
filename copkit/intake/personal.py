"""Personal data in what people send: the register of fields, what is found in a free text, what a version shows.

The register is ``parameters/donnees_personnelles.yml``: the columns that name or reach a person, what is done of each
field at reading and in the public version, and the words that a search goes by. A search finds what has the form of
an address, of a telephone number, of a name beside a word that announces one; it promises no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

import pandas as pd
from pydantic import Field as Parameter

from copkit import french, paths
from copkit.errors import ParameterError, Problems, unknown
from copkit.files import kept
from copkit.intake import columns, gazetteer
from copkit.intake.fields import DTYPES, Field
from copkit.reference import parameters, reading

FILE = "donnees_personnelles.yml"
MASK = "[retiré]"
_AT = re.compile("[@＠﹫]")
TEXTS = ("text", "name", "id")  # the kinds of field in which anything may be written

# ------------------------------------------------------------------ the register

Sensitivity = Literal["personne", "texte", "organisme", "identifiant", "origine"]
Rule = Literal["garde", "masque", "retire"]  # at reading
Public = Literal["montre", "officiel", "numero", "vide"]  # in the public version


class Fields(parameters.Strict):
    """Fields of a kind of thing for which the same is done, and why."""

    champs: tuple[str, ...] = Parameter(min_length=1)
    sensibilite: Sensitivity
    lecture: Rule
    public: Public
    raison: str


class Columns(parameters.Strict):
    """The columns that name or reach a person: whole headers, and words of one; none of them is read."""

    exactes: tuple[str, ...]
    mots: tuple[str, ...]
    raison: str


class Words(parameters.Strict):
    """What a search in a free text goes by."""

    annonces: tuple[str, ...]
    sujets: tuple[str, ...]
    organismes: tuple[str, ...]
    lieux: tuple[str, ...]
    domaines: tuple[str, ...]


class Register(parameters.Strict):
    """``parameters/donnees_personnelles.yml``."""

    sensibilites: dict[Sensitivity, str]
    lecture: dict[Rule, str]
    public: dict[Public, str]
    colonnes: Columns
    recherche: Words
    champs: dict[str, tuple[Fields, ...]]


UNWRITTEN = Fields(
    champs=("",), sensibilite="texte", lecture="masque", public="vide", raison="texte libre absent du registre"
)
CLOSED = Fields(
    champs=("",), sensibilite="texte", lecture="garde", public="montre", raison="choix, nombre, date ou lieu"
)
EVERYWHERE = "communs"  # the fields that every kind has


@kept(maxsize=2)
def register() -> Register:
    """The register of the kit.

    Raises
    ------
    ParameterError
        If it is damaged, or says two things of one field.
    """
    path = paths.parameters(FILE)
    found, lines = reading.read_model(path, Register)
    problems = Problems()
    for kind, groups in found.champs.items():
        said: set[str] = set()
        for n, group in enumerate(groups):
            for name in group.champs:
                if name in said:
                    line = lines.get(("champs", kind, n), 0)
                    problems.add(paths.shown(path), f"ligne {line} : « {name} » est déjà dit de « {kind} ».")
                said.add(name)
    problems.raise_if_any(ParameterError)
    return found


@kept(maxsize=64)
def _rules(kind: str) -> dict[str, Fields]:
    """What the register says of each field of a kind."""
    said = register().champs
    return {name: one for part in (EVERYWHERE, kind) for one in said.get(part, ()) for name in one.champs}


def rule(kind: str, name: str, field: Field | None = None) -> Fields:
    """What is done of a field; a free text of which the register says nothing is masked, and not shown."""
    found = _rules(kind).get(name)
    return found or (UNWRITTEN if field is None or field.kind in TEXTS else CLOSED)


def hidden(kind: str, fields: Mapping[str, Field]) -> set[str]:
    """The fields that the public version leaves empty."""
    return {name for name, one in fields.items() if rule(kind, name, one).public == "vide"}


def check(known: Mapping[str, Iterable[str]]) -> None:
    """See that the register names fields that exist; ``known``: the fields of each kind.

    Raises
    ------
    ParameterError
        If a field of one of these kinds is unknown: all of them at once.
    """
    problems = Problems()
    for kind, groups in register().champs.items():
        for name in (name for group in groups for name in group.champs if kind in known and name not in known[kind]):
            wrong = unknown(f"champs.{kind} : champ inconnu « {name} »", name, known[kind])
            problems.add(paths.shown(paths.parameters(FILE)), wrong)
    problems.raise_if_any(ParameterError)


def taken(text: pd.Series, kind: str, name: str, field: Field | None = None) -> tuple[pd.Series, int]:
    """A field as it is read, by the rule of the register, and how many cells held something that was taken out.

    Of what tells two rows apart only e-mail addresses are looked for: a number may have the form of any other.
    """
    found = rule(kind, name, field)
    if found.lecture == "garde":
        return text, 0
    if found.lecture == "retire":
        return text.where(text == "", ""), int((text != "").sum())
    if found.sensibilite != "identifiant":
        return masked(text)
    held = columns.holds(text, _AT)
    hidden = text[held].map(lambda one: _hide(one, _addresses).replace(MASK, "").strip())
    changed = hidden != text[held]
    return (text.where(~held, hidden.reindex(text.index)) if changed.any() else text), int(changed.sum())


def published(
    table: pd.DataFrame, kind: str, fields: Mapping[str, Field], beside: tuple[str, ...] = ()
) -> pd.DataFrame:
    """A table of a kind as the public version shows it: each field by the rule of the register, no other column.

    ``beside``: the columns that are no field, and that are computed. Nothing stays in ``attrs`` of what was read.
    """
    made = table[[name for name in table if name in fields or name in beside]].copy()
    made.attrs = {key: value for key, value in table.attrs.items() if key != "reading"}
    for name in made:
        one = fields.get(name)
        how = rule(kind, name, one).public if one or name in _rules(kind) else "montre"
        if how == "vide":
            made[name] = one.empty
        elif how == "officiel":
            made[name] = _official(table, name)
        elif how == "numero":
            made[name] = _numbered(table[name])
        elif one and DTYPES[one.kind] == "str" and one.kind in TEXTS:
            made[name] = masked(made[name])[0]
    return made


def _official(table: pd.DataFrame, name: str) -> pd.Series:
    """Who has an official number is named from the official list; a place that the list lacks, by its name there."""
    if f"{name}_siren" not in table:
        return table[name].where(table[name].isin(gazetteer.OUTSIDE.values()), "")
    known = {siren: one[0] for siren, one in gazetteer.lists().epci.items()}
    return table[f"{name}_siren"].map(lambda siren: known.get(siren, "")).astype(table[name].dtype)


def _numbered(column: pd.Series) -> pd.Series:
    """The collectivités that no official list names, « : » in their code, told apart by a number."""
    named = {one: f"collectivité {n}" for n, one in enumerate(dict.fromkeys(column), 1) if ":" in one}
    return column.replace(named)


# ------------------------------------------------------------------ columns


@kept(maxsize=2)
def _headers() -> tuple[frozenset[str], re.Pattern[str]]:
    """The whole headers, and what is looked for in the others."""
    said = register().colonnes
    words = "|".join(sorted(map(french.plain, said.mots), key=len, reverse=True))
    return frozenset(map(french.plain, said.exactes)), re.compile(rf"\b(?:{words})\b")


def system_headers() -> tuple[str, ...]:
    """The headers that are personal whatever the mapping says."""
    return register().colonnes.exactes


def names_a_person(bare: str) -> bool:
    """True for a header, as ``french.plain`` writes it, that names or reaches a person."""
    whole, words = _headers()
    return bare in whole or bool(words.search(bare))


# ------------------------------------------------------------------ addresses and numbers in a free text

# Each pattern starts where nothing that it could start with stands before, and repeats without going back: the time
# of a search grows as the text does, whatever the text is.
_WIDTHLESS = "\u200b-\u200d\u2060\ufeff"
_LOCAL = r"[\w.+%'’-]"
_HERE = rf"[\s{_WIDTHLESS}]{{0,2}}"
_WRITTEN = r"[\[({<]\s?(?:at|arobase?)\s?[\])}>]"  # the sign by its name, in brackets
_DOT = r"(?:[.．]|\s?[\[({]\s?(?:point|dot)\s?[\])}]\s?)"
_GAP = r"[\s.\-–—/()·]{0,3}"
_FRENCH = re.compile(
    rf"(?<![0-9])(?<![0-9][.,])(?:(?P<country>\(?(?:(?:\+|00)\s?)?33\)?){_GAP}0?|\(0\)\s?|\(?0)"
    rf"(?P<rest>{_GAP}[1-9](?:{_GAP}[0-9]){{8}})(?![0-9])"
)
_FOREIGN = re.compile(r"(?<![0-9])(?:\+|00)(?!33)[1-9][0-9]{0,2}(?:[\s.\-()]{0,3}[0-9]){6,13}(?![0-9])")
_MONEY = re.compile(r"\s?(?:€|k€|M€|Md€|%|EUR\b|euros?\b|[a-zµ]?[tW]|h(?:a|ab)\b)", re.IGNORECASE)
_DATE = re.compile(r"[0-9]{2}([./\s-])[0-9]{2}\1(?:1[89]|2[01])[0-9]{2}(?![0-9])")
_GOES_ON = re.compile(r"[./-][0-9]{1,4}(?![\s.]?[0-9])")  # one more group: a range of dates, a reference
_FOLLOWS = re.compile(r"(?<![0-9])[0-9]{1,2}[./-]$")  # a group before: the same
_DEPARTEMENTS = re.compile(r"d[ée]p(?:t|artement)?s?\b[\s:(]*(?:du|des|de|le|la|les)?\s*$", re.IGNORECASE)
_OVERSEAS = {"262", "508", "590", "594", "596", "681", "687", "689"}


def _telephones(text: str, _: _Patterns | None = None) -> Iterator[tuple[int, int]]:
    """Where the telephone numbers are; what has only their digits is left: a date, an amount, a list, a SIRET."""
    for pattern, is_one in ((_FRENCH, _french), (_FOREIGN, _foreign)):
        at = 0
        last = 0
        while found := pattern.search(text, at):
            if is_one(found, text) and not _FOLLOWS.search(text[max(last, found.start() - 4) : found.start()]):
                yield found.span()
                last = at = found.end()
            else:
                at = found.start() + 1


def is_telephone(text: str) -> bool:
    """True for a text that is one telephone number and cannot be an amount: it starts with a zero, or with « + »."""
    return text.startswith(("0", "+", "(")) and [*_telephones(text)] == [(0, len(text))]


def _french(found: re.Match[str], text: str) -> bool:
    country, rest = found["country"], found["rest"]
    groups = re.findall("[0-9]+", rest)
    gaps = [gap.strip() for gap in re.findall(r"(?<=[0-9])[^0-9]+(?=[0-9])", rest)]
    marks = set(re.sub(r"[\s()]", "", "".join(gaps)))
    if len(marks) > 1 or ("/" in marks and len(set(gaps)) > 1):
        return False
    if country:
        sizes = [*map(len, groups)]
        bare = sizes == [1, 2, 2, 2, 2] or (sizes == [9] and rest.strip()[0] in "67")
        return bool(re.search(r"\+|00", country)) or (bare and not _MONEY.match(text, found.end()))
    if rest[0] not in "123456789" and not found[0].startswith("(0)"):
        return False
    if _DATE.match(text, found.start()) or _GOES_ON.match(text, found.end()):
        return False
    groups[0] = "0" + groups[0]
    listed = groups == sorted(groups) and _DEPARTEMENTS.search(text[max(0, found.start() - 24) : found.start()])
    sizes = [*map(len, groups)]
    return not listed and (len(sizes) == 1 or sizes == [2, 8] or all(2 <= size <= 4 for size in sizes))


def _foreign(found: re.Match[str], text: str) -> bool:
    groups = re.findall("[0-9]+", found[0])
    digits, thousands = "".join(groups).removeprefix("00"), all(len(one) == 3 for one in groups[1:])
    overseas = groups[0] in _OVERSEAS and len(digits) == 12
    number = thousands and len(groups) > 1 and found[0].startswith("+")  # +150 000 000
    return 9 <= len(digits) <= 15 and (overseas or not number) and not _MONEY.match(text, found.end())


# ------------------------------------------------------------------ names in a free text

_ARTICLES = {"la", "le", "les"}  # « La Poste », and « Dupont La Tour »
_CAPITAL = "A-ZÀ-ÖØ-ÞŒ"
_TOKEN = rf"(?:[{_CAPITAL}]\.[ -]?){{0,3}}[{_CAPITAL}][\w’'-]*+"
_PARTICLE = r"(?:de|du|des|la|le|van|von|der|den|ben|el|al|di|da|dos)"
_NAMES = rf"{_TOKEN}(?:\s(?:{_PARTICLE}\s){{0,2}}(?:d['’])?{_TOKEN}){{0,2}}"
_CIVIL = r"(?i:M\.|Mr\b\.?|Mme\b\.?|Mlle\b\.?|Monsieur\b|Madame\b|Mademoiselle\b)"
_CIVILS = r"(?i:MM\.|Mrs\b\.?|Mmes\b\.?|Mlles\b\.?|Messieurs\b|Mesdames\b)"
_OFFICE = r"(?:(?i:le|la|l['’])\s?[\w-]{1,30}+,?\s)?"  # « Monsieur le maire »
_CIVILITY = re.compile(
    rf"(?<!\w)(?<!\w\.)(?<![0-9]\s)(?:{_CIVIL}\s{{0,2}}{_OFFICE}(?P<one>{_NAMES})"
    rf"|{_CIVILS}\s{{0,2}}(?P<many>{_NAMES}(?:(?:,\s?|\set\s){_NAMES}){{0,6}}))"
)


class _Patterns(NamedTuple):
    """What a search goes by, of the words of the register."""

    suspect: re.Pattern[str]  # what a text has that holds one; a fast engine knows neither accents nor what is around
    suspects: tuple[re.Pattern[str], ...]  # of addresses, of numbers, of names
    emails: re.Pattern[str]
    announced: re.Pattern[str]
    places: re.Pattern[str]  # what stands before the name of a place
    organisations: frozenset[str]
    subjects: frozenset[str]  # of what someone is in charge


@kept(maxsize=2)
def _patterns() -> _Patterns:
    said, spoken = register().recherche, r"(?:\.|\s(?:point|dot)\s)"
    announced, places = (
        "|".join(map(re.escape, sorted(one, key=len, reverse=True))) for one in (said.annonces, said.lieux)
    )
    suspect = (
        r"[@＠﹫]|arobas|\Wat\W",
        r"(?:[+0]|33)[^0-9]{0,3}[0-9](?:[^0-9]{0,3}[0-9]){7}",
        rf"mm?\.|\b(?:mrs?|mmes?|mlles?)\b|monsieur|messieurs|madame|mesdames|mademoiselle|{announced}",
    )
    return _Patterns(
        suspect=re.compile("|".join(suspect), re.IGNORECASE),
        suspects=tuple(re.compile(one, re.IGNORECASE) for one in suspect),
        emails=re.compile(
            rf"(?<!{_LOCAL}){_LOCAL}++(?:"
            rf"(?:{_HERE}[@＠﹫]{_HERE}|\s?{_WRITTEN}\s?)[\w-]++(?:{_DOT}[\w-]++)+"
            rf"|\s{{1,3}}(?:at|arobase?)\s{{1,3}}[\w-]++(?:{spoken}[\w-]++)*{spoken}(?:{'|'.join(said.domaines)})\b"
            rf")",
            re.IGNORECASE,
        ),
        announced=re.compile(
            rf"(?<!\w)(?i:{announced})"
            rf"(?:(?P<mark>\s{{0,3}}[:=–—(-]\s{{0,3}})|\s(?:(?:est|avec|auprès\sde)\s)?)(?P<one>{_NAMES})"
        ),
        places=re.compile(rf"\b(?:{places})\s(?:de\s|du\s|à\s)?$", re.IGNORECASE),
        organisations=frozenset(map(french.plain, said.organismes)),
        subjects=frozenset(map(french.plain, said.sujets)),
    )


def _names(text: str, known: _Patterns) -> Iterator[tuple[int, int]]:
    """Where the names are: behind a civility, or beside a word that announces one."""
    for found in _CIVILITY.finditer(text):
        if known.places.search(text[max(0, found.start() - 24) : found.start()]):
            continue
        start, said = (found.start(name := "one" if found["one"] else "many"), found[name])
        for each in re.finditer(_NAMES, said) if found["many"] else [re.match(".*", said, re.DOTALL)]:
            yield from _person(start + each.start(), each[0], known, 1)
    for found in known.announced.finditer(text):
        if french.plain(found["one"]).split()[0] in known.subjects:
            continue
        yield from _person(found.start("one"), found["one"], known, 1 if found["mark"] else 2)


def _person(at: int, said: str, known: _Patterns, least: int) -> Iterator[tuple[int, int]]:
    """What of some words in capitals names a person: not an organisation, not a territory."""
    end, count = 0, 0
    for token in re.finditer(_TOKEN, said):
        bare = french.plain(token[0])
        if bare in known.organisations and not (count and bare in _ARTICLES):
            break
        end, count = token.end(), count + 1
    name = said[:end]
    short = count == 1 and name.isupper() and len(name) <= 5  # an acronym
    if count < least or short or any(gazetteer.is_named(one, communes=True) for one in (said, name)):
        return
    yield at, at + end


# ------------------------------------------------------------------ what hides them


def _addresses(text: str, known: _Patterns) -> Iterator[tuple[int, int]]:
    """Where the e-mail addresses are."""
    return (found.span() for found in known.emails.finditer(text))


def mask(text: str) -> str:
    """The text without e-mail addresses, telephone numbers, and names beside a word that announces one.

    >>> mask("voir marie@exemple.fr ou 03 20 00 00 00"), mask("contact : Camille Exemple")
    ('voir [retiré] ou [retiré]', 'contact : [retiré]')
    """
    for suspect, search in zip(_patterns().suspects, (_addresses, _telephones, _names), strict=True):
        if suspect.search(text):
            text = _hide(text, search)
    return text


def _hide(text: str, search: Callable[[str, _Patterns], Iterator[tuple[int, int]]]) -> str:
    made, at = [], 0
    for start, end in sorted(search(text, _patterns())):
        if start >= at:
            made += [text[at:start], MASK]
            at = end
    return "".join([*made, text[at:]])


def masked(cells: pd.Series) -> tuple[pd.Series, int]:
    """A column with what ``mask`` hides of each cell, and how many cells held some."""
    suspect = columns.holds(cells, _patterns().suspect)
    if not suspect.any():
        return cells, 0
    found = cells[suspect]
    hidden = found.map(mask)
    changed = hidden != found
    if changed.any():
        cells = cells.copy()
        cells.loc[hidden.index[changed]] = hidden[changed]
    return cells, int(changed.sum())

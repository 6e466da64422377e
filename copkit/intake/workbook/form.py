"""What a workbook that goes out and comes back is made of, declared once: writing, reading and merging follow it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Literal

import pandas as pd

from copkit import escaping, french
from copkit.errors import suggestion
from copkit.intake import cells

FIRST, REFERENCE, SENT = "Lire d'abord", "Référence", "Envoi"
TO_FILL = " (à remplir)"
FEW = 12  # choices that a message lists; beyond, it sends to the reference sheet
Kind = Literal["text", "choice", "date", "number", "yes_no"]
Block = list[tuple[str, ...]]  # a part of the reference sheet: its header, then its rows


@dataclass(frozen=True, slots=True)
class Noun:
    """What a row of the sheet is, so that messages name it.

    >>> Noun("dossier", "dossiers").du, Noun("action", "actions", feminine=True).du
    ('du dossier', "de l'action")
    """

    one: str
    many: str
    feminine: bool = False

    @property
    def e(self) -> str:
        """How what agrees with it ends."""
        return "e" if self.feminine else ""

    @property
    def de(self) -> str:
        """« de dossier »."""
        return f"d'{self.one}" if self._elided else f"de {self.one}"

    @property
    def du(self) -> str:
        """« du dossier »."""
        return f"de l'{self.one}" if self._elided else f"de la {self.one}" if self.feminine else f"du {self.one}"

    @property
    def _elided(self) -> bool:
        return french.plain(self.one)[0] in "aeiou"


@dataclass(frozen=True)
class Column:
    """A column of the sheet: only shown, or ``filled`` by those who receive it.

    blank : what is shown where nothing is known.
    choices : id → label; ``listed``: the block of the reference sheet that offers them, named as the column if empty.
    wording : how a message names an unknown choice, and those that are admitted.
    read : how a text is understood, where its kind does not say it: the value, and what is wrong.
    merge : how several answers make one; without it, different answers are a disagreement.
    needed : a row that somebody adds is set aside without it, and a row that was sent keeps it.
    """

    name: str
    label: str
    width: int = 20
    kind: Kind = "text"
    filled: bool = False
    public: bool = True
    hidden: bool = False
    needed: bool = False
    blank: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    listed: str = ""
    wording: tuple[str, str] = ("réponse inconnue", "Réponses admises")
    read: Callable[[str], tuple[str, str]] | None = None
    merge: Callable[[list[str]], str] | None = None

    @property
    def block(self) -> str:
        """The block of the reference sheet that holds the choices."""
        return self.listed or self.name

    def shown(self, value: str) -> str:
        """A value as the sheet writes it."""
        return self.choices.get(value, value) or self.blank

    def value(self, cell: object) -> tuple[str, str]:
        """The value of a cell, and what is wrong with it; a value that cannot be kept is empty."""
        if isinstance(cell, (datetime, date)) and self.kind != "date":
            written = f"{cell:%d/%m/%Y}"
            if self.kind == "text":
                return written, f"date trouvée dans une colonne de texte, lue « {written} ». Vérifier le texte voulu."
            if self.kind == "number":
                return "", f"date « {written} » à la place d'un nombre. Mettre la cellule au format nombre."
            return "", f"date « {written} » à la place d'un choix de la liste. Choisir dans la liste."
        text = escaping.settled(_typed(cell))
        if not text:
            return "", ""
        if self.read is not None:
            return self.read(text)
        if self.kind == "choice":
            return self._choice(text)
        if self.kind == "number":
            return (as_text(cell), "") if isinstance(cell, float) else _number(text)
        return _day(text) if self.kind == "date" else cells.yes_no(text) if self.kind == "yes_no" else (text, "")

    def _choice(self, text: str) -> tuple[str, str]:
        found = self._named.get(french.plain(text), "")
        if found:
            return found, ""
        words = list(self.choices.values())
        admitted = ", ".join(words) if len(words) <= FEW else f"la liste de la feuille « {REFERENCE} »"
        unknown, known = self.wording
        return "", f"{unknown} « {text} ».{suggestion(text, words)} {known} : {admitted}."

    @cached_property
    def _named(self) -> dict[str, str]:
        """What may be written → the choice."""
        ids = {french.plain(one): one for one in self.choices}
        labels = {french.plain(label): one for one, label in self.choices.items()}
        if len(labels) < len(self.choices):
            raise ValueError(f"{self.name}: two choices have the same label")
        return ids | labels


KEPT = Column("fingerprint", "Empreinte (ne pas modifier)", 10, public=False, hidden=True)


@dataclass(frozen=True, slots=True)
class Group:
    """Answers that count together: ``lead``, and its ``parts`` (name → « l'auteur ») that it must not lack.

    incomplete : what a message says of one that lacks a part, and alone : of parts without their lead; « {} » is
    the key of the row.
    """

    lead: str
    parts: Mapping[str, str]
    incomplete: str
    alone: str


@dataclass(frozen=True, kw_only=True)
class Form:
    """A workbook: the sheet of the rows, what to do, the lists, and how many rows may be added.

    columns : the first one is the key, that tells rows apart.
    identity : the answers that make the key of a row that somebody adds; two such rows are the same one.
    about, files : lines of the first sheet; ``public_note``: what it says in the version without what is not public.
    banner : what every page warns of.
    """

    sheet: str
    noun: Noun
    columns: tuple[Column, ...]
    title: str
    do: tuple[str, ...] = ()
    know: tuple[str, ...] = ()
    about: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()
    public_note: str = ""
    banner: str = ""
    reference: Mapping[str, Block] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    new_rows: int = 0
    identity: tuple[str, ...] = ()

    @property
    def key(self) -> Column:
        """The column that tells rows apart."""
        return self.columns[0]

    @cached_property
    def inputs(self) -> tuple[Column, ...]:
        """The columns that are filled in."""
        return tuple(column for column in self.columns if column.filled)

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """Every column, that of the fingerprints too."""
        return {column.name: column for column in (*self.columns, KEPT)}

    @cached_property
    def by_header(self) -> dict[str, Column]:
        """Every column by what the spellings of its header have in common."""
        return {header_key(column.label): column for column in self.by_name.values()}

    def blocks(self) -> dict[str, Block]:
        """The blocks of the reference sheet, with the choices that none of them offers yet."""
        lists = {
            column.block: [(column.label,), *((label,) for label in column.choices.values())]
            for column in self.inputs
            if column.kind == "choice"
        }
        return {**self.reference, **{name: block for name, block in lists.items() if name not in self.reference}}

    def complete(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with every column, as texts; what it lacks is empty."""
        return table.reindex(columns=[column.name for column in self.columns]).map(as_text)

    def values(self, table: pd.DataFrame) -> pd.DataFrame:
        """The cells that are filled in, as they are known now and compared: one column per input."""
        found = {}
        for column in self.inputs:
            texts = {text: escaping.settled(text) for text in table[column.name].unique()}
            found[column.name] = [texts[text] for text in table[column.name]]
        return pd.DataFrame(found, table.index, dtype="str")

    def identify(self, values: Mapping[str, str]) -> str:
        """The key of a row that somebody adds, from what it says; empty when it says nothing of it."""
        said = [values.get(name, "") for name in self.identity]
        return " / ".join(french.plain(text) or text for text in said) if any(said) else ""

    def fingerprint(self, key: str, values: Mapping[str, str]) -> str:
        """What tells, on return, which row it was and which of its cells have changed."""
        return "-".join(mark(text) for text in (key, *(values[column.name] for column in self.inputs)))

    def marks(self, text: object) -> dict[str, str] | None:
        """The marks of a fingerprint by column; nothing when it is absent or damaged."""
        parts = text.strip().split("-") if isinstance(text, str) else []
        names = [self.key.name, *(column.name for column in self.inputs)]
        if len(parts) != len(names) or any(len(part) != 8 for part in parts):
            return None
        return dict(zip(names, parts, strict=True))


def mark(text: str) -> str:
    """Eight characters that change with the text."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=4).hexdigest()


def header_key(header: object) -> str:
    """What two spellings of one header have in common."""
    return french.plain(str(header)).removesuffix(" " + french.plain(TO_FILL)).strip()


def read_key(cell: object) -> str:
    """The key of a row, which a spreadsheet may have turned into a number."""
    return escaping.settled(as_text(cell))


def as_text(value: object) -> str:
    """A value as it is compared: a date AAAA-MM-JJ, a whole number without a decimal point, nothing when missing.

    >>> as_text(12.0), as_text(1.5), as_text(float("nan")), as_text(True), as_text(date(2024, 12, 3))
    ('12', '1.5', '', 'oui', '2024-12-03')
    """
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, (datetime, date)):
        return f"{value:%Y-%m-%d}"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _typed(cell: object) -> str:
    """A cell as somebody would have typed it."""
    text = as_text(cell)
    return text.replace(".", ",") if isinstance(cell, float) else text


def _day(text: str) -> tuple[str, str]:
    found, wrong = cells.day(text)
    return found, f"date illisible « {text} ». Écrire JJ/MM/AAAA." if wrong else ""


def _number(text: str) -> tuple[str, str]:
    found, wrong = cells.number(text)
    return as_text(found), f"nombre illisible « {text} ». Écrire seulement des chiffres." if wrong else ""

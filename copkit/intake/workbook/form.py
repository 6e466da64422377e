"""What a workbook that goes out and comes back is made of, declared once: writing, reading and merging follow it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

import pandas as pd

from copkit import escaping, french
from copkit.errors import unknown
from copkit.intake import cells, labels, personal, plausible
from copkit.intake.fields import DTYPES, NO, YES, Field, ids

SUMMARY, FIRST, REFERENCE, SENT = "Synthèse", "Lire d'abord", "Référence", "Envoi"
TO_FILL = " (à remplir)"
TAKEN_OUT = "un courriel, un téléphone ou un nom de personne en est retiré. Nommer un rôle ou un organisme."
FEW = 12  # choices that a message lists; beyond, it sends to the reference sheet
SEND = "Enregistrer au format .xlsx et renvoyer le classeur. Plusieurs services peuvent remplir chacun leur copie."
BODIES = "Nommer des organismes, et non des personnes : courriels et téléphones sont retirés à la lecture."
Block = list[tuple[str, ...]]  # a part of the reference sheet: its header, then its rows


class Noun(NamedTuple):
    """What a row is: « action », « actions », « d'action », « de l'action », and « e » for what agrees with it."""

    one: str
    many: str
    of: str
    of_the: str
    e: str = ""


class Tally(NamedTuple):
    """How many rows say each thing, for the sheet that sums up: its title, the head of the things, and their counts."""

    title: str
    head: str
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Column:
    """A field as a column of the sheet: shown, or ``filled`` by those who receive it.

    blank : what is shown where nothing is known.
    listed : the block of the reference sheet that offers the choices; the name of the column when empty.
    wording : how a message names an unknown choice, and those that are admitted.
    merge : how several answers make one; without it, different answers are a disagreement.
    needed : a row that somebody adds is set aside without it, and a row that was sent keeps it.
    front : beside the key, before the others. fold : in a group that folds, closed when the workbook opens.
    once : where every row says the same, the first sheet says it, and the column is left out.
    """

    name: str
    field: Field
    width: int = 20
    filled: bool = False
    hidden: bool = False
    needed: bool = False
    blank: str = ""
    listed: str = ""
    wording: tuple[str, str] = ("réponse inconnue", "Réponses admises")
    merge: Callable[[list[str]], str] | None = None
    front: bool = False
    fold: bool = False
    once: bool = False

    def __post_init__(self) -> None:
        options = self.field.options if self.filled else {}
        if self.filled and self.field.kind in ("choice", "lever", "place") and not options:
            raise ValueError(f"{self.name}: no choices")
        if len({labels.key(label) for label in options.values()}) < len(options):
            raise ValueError(f"{self.name}: two choices that read the same")

    @property
    def label(self) -> str:
        """What heads the column, and what messages name."""
        return self.field.label

    @property
    def numeric(self) -> bool:
        """Whether its values are numbers."""
        return DTYPES[self.field.kind] != "str"

    @property
    def block(self) -> str:
        """The block of the reference sheet that offers the choices; nothing when the column has none."""
        return (self.listed or self.name) if self.filled and self.field.options else ""

    @property
    def suggested(self) -> bool:
        """Whether its choices are only suggested: its kind reads others too."""
        return bool(self.field.options) and self.field.kind in cells.READ

    def shown(self, value: str) -> str:
        """A value as the sheet writes it."""
        known = self.field.options
        if value not in known and self.field.kind in ("ids", "lever"):
            value = french.join(known.get(one, one) for one in ids(value)) if value else ""
        return known.get(value, value) or self.blank

    def value(self, cell: object) -> tuple[str, str]:
        """The value of a cell, and what is wrong with it; a value that cannot be kept is empty."""
        text, kind = escaping.settled(_typed(cell)), self.field.kind
        if kind in personal.TEXTS and not self.field.options and (shown := personal.mask(text)) != text:
            return shown, TAKEN_OUT
        if isinstance(cell, (datetime, date)) and kind != "date":
            text = french.short_date(cell)
            if self.field.options or kind == "yes_no":
                return "", f"date « {text} » à la place d'un choix de la liste. Choisir dans la liste."
            if kind not in cells.READ:
                return text, f"date trouvée dans une colonne de texte, lue « {text} ». Vérifier le texte voulu."
        if text and self.field.options:
            found, wrong = self._choice(text)
            if found or not self.suggested:
                return found, wrong
        if not text or kind not in cells.READ:
            return text, ""
        if self.numeric:  # a number of the spreadsheet is never ambiguous
            decimal = "," if isinstance(cell, float) else ""
            found, wrong = cells.number(text, kind, decimal, plausible.of(kind, self.name))
        else:
            found, wrong = cells.READ[kind](text)
        if wrong and kind == "date":
            wrong = f"date illisible « {text} ». Écrire JJ/MM/AAAA."
        return as_text(found), wrong

    def _choice(self, text: str) -> tuple[str, str]:
        if found := labels.choice(self.name, self.field, text).ids:
            return found[0], ""
        words, (wrong, admitted) = list(self.field.options.values()), self.wording
        listed = (" ; " if any("," in word for word in words) else ", ").join(words)
        known = listed if len(words) <= FEW else f"la liste de la feuille « {REFERENCE} »"
        return "", f"{unknown(f'{wrong} « {text} »', text, words)} {admitted} : {known}."


def filled(
    fields: Mapping[str, Field],
    widths: Mapping[str, int],
    needed: tuple[str, ...],
    choices: Mapping[str, Mapping[str, str]],
    **given,
) -> list[Column]:
    """The columns to fill in, in the order of ``widths``; ``choices``: those of this workbook alone."""
    known = {**fields, **{name: replace(fields[name], choices=offered) for name, offered in choices.items()}}
    return [Column(name, known[name], width, filled=True, needed=name in needed, **given)
            for name, width in widths.items()]  # fmt: skip


KEPT = Column("fingerprint", Field("Empreinte (ne pas modifier)"), 10, hidden=True)


@dataclass(frozen=True)
class Group:
    """Answers that count together: ``lead``, and its ``parts`` (name → « l'auteur ») that it must not lack.

    incomplete : what a message says of one that lacks a part, and alone : of parts without their lead; « {} » is the
    key of the row.
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
    do, know, about, files : the lines of the first sheet; public_note : that of the version without the columns of
        ``private``.
    asked : what is asked once for the whole workbook, on the first sheet, and what is already known of it.
    wide : pages across, at most, when the rows are printed.
    tracked : whether each row carries the mark of what was sent, for those that several people answer.
    banner : what every page warns of. tallies : what the first sheet counts; without any, there is none.
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
    private: frozenset[str] = frozenset()
    banner: str = ""
    reference: Mapping[str, Block] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    new_rows: int = 0
    identity: tuple[str, ...] = ()
    tallies: tuple[Tally, ...] = ()
    asked: tuple[tuple[Column, str], ...] = ()
    tracked: bool = True
    wide: int = 4

    @cached_property
    def key(self) -> Column:
        """The column that tells rows apart."""
        return self.columns[0]

    @cached_property
    def laid_out(self) -> tuple[Column, ...]:
        """The columns in the order of the sheet; fingerprints follow that of the declaration."""
        return (self.key, *sorted(self.columns[1:], key=lambda column: not column.front))

    @cached_property
    def folds(self) -> bool:
        """Whether columns fold: no spreadsheet folds those of a protected sheet."""
        return any(column.fold for column in self.columns)

    @cached_property
    def inputs(self) -> tuple[Column, ...]:
        """The columns that are filled in."""
        return tuple(column for column in self.columns if column.filled)

    @cached_property
    def offering(self) -> tuple[Column, ...]:
        """The columns whose cells offer a list: those of the rows, and what is asked once."""
        return (*self.inputs, *(column for column, _ in self.asked))

    @cached_property
    def marked(self) -> list[str]:
        """What the fingerprint of a row is made of: its key, and what is filled in."""
        return [self.key.name, *(column.name for column in self.inputs)]

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """Every column, that of the fingerprints too."""
        return {column.name: column for column in (*self.columns, KEPT)}

    @cached_property
    def by_header(self) -> dict[str, Column]:
        """Every column by what the spellings of its header have in common."""
        return {header_key(column.label): column for column in self.by_name.values()}

    def consulted(self) -> Form:
        """The version to consult: what is public, and nothing to fill in."""
        columns = tuple(replace(column, filled=False) for column in self.columns if column.name not in self.private)
        about = (("Version", self.public_note), *self.about)
        return replace(self, columns=columns, do=(), know=(), about=about, files=(), new_rows=0, asked=())

    def blocks(self) -> dict[str, Block]:
        """The blocks of the reference sheet, with the choices that the declared ones do not offer."""
        offered = {
            one.block: [(one.label,), *((label,) for label in one.field.options.values())] for one in self.offering
        }
        offered.pop("", None)
        return {**self.reference, **{name: block for name, block in offered.items() if name not in self.reference}}

    def complete(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with every column, as texts: what it lacks is empty, what is filled in is as it is compared."""
        texts = table.reindex(columns=[column.name for column in self.columns]).map(as_text)
        for name in self.marked:
            texts[name] = texts[name].map({text: escaping.settled(text) for text in texts[name].unique()})
        return texts

    def identify(self, values: Mapping[str, str]) -> str:
        """The key of a row that somebody adds, from what it says; empty when it says nothing of it."""
        said = [self.by_name[name].shown(values.get(name, "")) for name in self.identity]
        return " / ".join(french.plain(text) or text or "–" for text in said) if any(said) else ""

    def marks(self, text: object) -> dict[str, str] | None:
        """The marks of a fingerprint by column; nothing when it is absent or damaged."""
        parts = text.strip().split("-") if isinstance(text, str) else []
        whole = len(parts) == len(self.marked) and all(len(part) == 8 for part in parts)
        return dict(zip(self.marked, parts, strict=True)) if whole else None


def fingerprint(texts: Iterable[str]) -> str:
    """What tells, on return, which row it was and which of its cells have changed: the marks of its key and answers."""
    return "-".join(map(mark, texts))


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
        return YES if value else NO
    if isinstance(value, (datetime, date)):
        return f"{value:%Y-%m-%d}"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _typed(cell: object) -> str:
    """A cell as somebody would have typed it."""
    text = as_text(cell)
    return text.replace(".", ",") if isinstance(cell, float) else text

"""The columns of the workbook that services work in: what they show, what is filled in, how a cell is read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import pandas as pd

from copkit import escaping, french
from copkit.errors import suggestion
from copkit.projects.fields import DIMENSIONS, FIELDS, MATURITIES, OPINIONS
from copkit.projects.triage import decisions, facts, opinions

TO_FILL = " (à remplir)"
ID, FINGERPRINT = "project_id", "fingerprint"
SHEET, SENT, REFERENCE, FIRST = "Dossiers", "Envoi", "Référence", "Lire d'abord"
Reads = Literal["text", "opinion", "category", "date"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the sheet; ``reads``: how a cell that is filled in is understood, empty when it is only shown."""

    name: str
    label: str
    width: int
    reads: Reads | Literal[""] = ""
    public: bool = True

    @property
    def header(self) -> str:
        """What the first row of the sheet writes."""
        return french.typeset(self.label + (TO_FILL if self.reads else ""))


def _opinion(name: str) -> Column:
    reads, width = ("opinion", 14) if name.startswith("opinion_") else ("text", 24)
    return Column(name, FIELDS[name].label, width, reads, public=False)


INPUTS = (
    *map(_opinion, opinions.FIELDS),
    Column("decision", "Décision : catégorie", 26, "category", public=False),
    Column("decision_author", "Décision : auteur", 20, "text", public=False),
    Column("decision_date", "Décision : date", 13, "date", public=False),
    Column("decision_reason", "Décision : raison", 40, "text", public=False),
)
COLUMNS = (
    Column(ID, "Dossier", 14),
    Column("title", "Intitulé", 38),
    Column("description", "Description", 46, public=False),
    Column("holder", "Porteur", 26),
    Column("departement", "Département", 16),
    Column("lever", "Levier", 26),
    Column("contributes", "Contribue aux objectifs", 12),
    Column("dimension", "Dimension nouvelle", 18),
    Column("maturity", "Maturité", 16),
    Column("start", "Début prévu", 12),
    Column("category", "Catégorie selon les règles", 24),
    Column("reason", "Raison", 60),
    Column("missing", "Ce qui manque", 38),
    Column("criterion_coherence_reason", "Cohérence : raison", 28),
    Column("criterion_potential_reason", "Potentiel : raison", 28),
    Column("criterion_progress_reason", "Avancement : raison", 28),
    Column("included", "Les trois critères", 12),
    Column("included_reason", "Les trois critères : raison", 36),
    Column("given_difference", "Écart avec la catégorie reçue", 30),
    Column("contradiction", "Contradiction avec les cibles", 30, public=False),
    Column("disagreement", "Désaccord entre les avis", 30, public=False),
    Column("category_kept", "Catégorie retenue", 24),
    Column("invented", "Exemple inventé", 10),
    *INPUTS,
    Column(FINGERPRINT, "Empreinte (ne pas modifier)", 10, public=False),
)
BY_NAME = {column.name: column for column in COLUMNS}
UNSAID = {"contributes": "non renseigné", "dimension": "non renseignée", "maturity": "non renseignée"}
CLOSED = {"dimension": DIMENSIONS, "maturity": MATURITIES, **{f: OPINIONS for f in FIELDS if f.startswith("opinion_")}}


def key(header: object) -> str:
    """What two spellings of one header have in common."""
    return french.plain(str(header)).removesuffix(" " + french.plain(TO_FILL)).strip()


BY_HEADER = {key(column.label): column for column in COLUMNS}


def shown(name: str, value: str, labels: Mapping[str, str]) -> str:
    """A value as the sheet writes it."""
    if name in ("category", "category_kept", "decision"):
        return labels.get(value, value)
    if name == "lever":
        return {"": "non renseigné", "non_reconnu": "non reconnu"}.get(value) or facts.lever_labels().get(value, value)
    if name == "included":
        return value or "à préciser"
    if name in CLOSED and value in CLOSED[name]:
        return CLOSED[name][value]
    return value or UNSAID.get(name, "")


def values(table: pd.DataFrame) -> pd.DataFrame:
    """The cells that are filled in, as they are known now and compared: one column per input."""
    found = {}
    for column in INPUTS:
        given = table[column.name] if column.name in table else pd.Series("", table.index)
        known = {text: escaping.settled(text) if isinstance(text, str) else "" for text in given.unique()}
        found[column.name] = given.map(known)
    return pd.DataFrame(found, index=table.index)


def fingerprint(project_id: str, given: Mapping[str, str]) -> str:
    """What tells, on return, which dossier a row was and which of its cells have changed."""
    return "-".join(mark(text) for text in (project_id, *(given[column.name] for column in INPUTS)))


def marks(text: object) -> dict[str, str] | None:
    """The marks of a fingerprint by column; nothing when it is absent or damaged."""
    parts = text.strip().split("-") if isinstance(text, str) else []
    if len(parts) != len(INPUTS) + 1 or any(len(part) != 8 for part in parts):
        return None
    return dict(zip((ID, *(column.name for column in INPUTS)), parts, strict=True))


def mark(text: str) -> str:
    """Eight characters that change with the text."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=4).hexdigest()


def read_id(value: object) -> str:
    """The number of a dossier, which a spreadsheet may have turned into a number."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else escaping.settled(str(value))


def read_value(column: Column, value: object, labels: Mapping[str, str]) -> tuple[str, str]:
    """The value of a cell, and what is wrong with it; a value that cannot be kept is empty."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return "", ""
    if column.reads == "date":
        return _date(value)
    if isinstance(value, (datetime, date)):
        written = f"{value:%d/%m/%Y}"
        if column.reads == "text":
            return written, f"date trouvée dans une colonne de texte, lue « {written} ». Vérifier le texte voulu."
        return "", f"date « {written} » à la place d'un choix de la liste. Choisir dans la liste."
    text = escaping.settled(_plain_text(value))
    if column.reads == "category":
        found = decisions.category_of(text, labels)
        return found, "" if found else decisions.unknown_category(text, labels)
    if column.reads == "opinion":
        found = next((one for one, label in OPINIONS.items() if french.plain(text) in (one, french.plain(label))), "")
        hint = suggestion(text, list(OPINIONS.values()))
        wrong = f"avis inconnu « {text} ».{hint} Avis admis : {', '.join(OPINIONS.values())}."
        return found, "" if found else wrong
    return text, ""


def _plain_text(value: object) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value).replace(".", ",")
    return str(value)


def _date(value: object) -> tuple[str, str]:
    if isinstance(value, (datetime, date)):
        return f"{value:%Y-%m-%d}", ""
    found = decisions.iso(value) if isinstance(value, str) else ""
    text = escaping.settled(_plain_text(value))
    return found, "" if found else f"date illisible « {text} ». Écrire JJ/MM/AAAA."

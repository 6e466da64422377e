"""Which body an e-mail address is of: a file that is read, used while others are read, and forgotten.

Nothing that is shown holds an address: a message names the row of the file, and an object of this kind shows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from copkit.errors import Problems, ProjectError, unknown
from copkit.files import path_of
from copkit.intake import labels, personal, spreadsheets
from copkit.intake.fields import Field
from copkit.intake.headers import head

MAILS = ("courriel", "email", "e mail", "mail", "adresse", "adresse electronique")
BODIES = ("organisme", "service", "body")
_MAIL = re.compile(r"[\w.+%'’-]+@[\w-]+(?:\.[\w-]+)+")
_ENTRY = re.compile(rf"(?:{_MAIL.pattern})|@[\w-]+(?:\.[\w-]+)+")


class Directory:
    """Address, or « @ » and a domain → the id of its body."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = dict(known)

    def body(self, text: str) -> str:
        """The body of whoever a cell names by an address; nothing when none is known, or several."""
        found = set()
        for mail in _MAIL.findall(text.casefold()):
            found.add(self._known.get(mail) or self._known.get(mail[mail.index("@") :], ""))
        return found.pop() if len(found) == 1 else ""


def read(path: str | Path, bodies: Mapping[str, str]) -> Directory:
    """The directory of a file of two columns, « courriel » (or « @domaine ») and « organisme »; ``bodies``: id → label.

    Raises
    ------
    ProjectError
        If the file is absent or unreadable, lacks a column, or holds rows that are wrong: all of them at once.
    """
    file = path_of(path, ProjectError)
    sheets = [one for one in spreadsheets.read(file).values() if _place(one.headers, MAILS) is not None]
    if not sheets or (of := _place(sheets[0].headers, BODIES)) is None:
        raise ProjectError(f"{file} : colonnes attendues « courriel » et « organisme ». Les écrire en première ligne.")
    sheet, problems, known = sheets[0], Problems(), {}
    for stray in sheet.strays:
        problems.add(str(file), f"ligne {stray.row} : {stray.reason}.")
    places = (_place(sheet.headers, MAILS), of)
    sheet.warn(places)
    columns = (sheet.cells[place].tolist() for place in places)
    for row, mail, label in zip(sheet.rows.tolist(), *columns, strict=True):
        mail, label = mail.strip().casefold(), label.strip()
        found = labels.choice("body", Field("Organisme", "choice", choices=bodies), label).ids
        if not _ENTRY.fullmatch(mail):
            problems.add(str(file), f"ligne {row} : courriel illisible. Écrire une adresse, ou « @ » et son domaine.")
        elif not found:
            said = personal.mask(label) or "vide"
            wrong = unknown(f"organisme inconnu « {said} »", said, bodies.values(), "Organismes")
            problems.add(str(file), f"ligne {row} : {wrong}")
        elif known.setdefault(mail, found[0]) != found[0]:
            problems.add(str(file), f"ligne {row} : ce courriel a déjà un autre organisme plus haut. En garder un.")
    problems.raise_if_any(ProjectError)
    if not known:
        raise ProjectError(f"{file} : aucun courriel. Écrire une ligne par courriel, avec son organisme.")
    return Directory(known)


def _place(headers: list[str], names: tuple[str, ...]) -> int | None:
    return next((place for place, header in enumerate(headers) if head(header) in names), None)

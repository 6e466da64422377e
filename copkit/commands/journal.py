"""The commands of the journal of decisions: what it says, one more decision, one that is revoked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copkit.commands.terminal import Csv, Format, chosen, print_data, print_table, say
from copkit.errors import CopkitError, unknown

Journal = Annotated[Path, typer.Argument(metavar="JOURNAL", help="Fichier CSV du journal ; créé par « add ».")]
Author = Annotated[
    str, typer.Option("--by", help="Qui décide : un rôle ou un organisme, jamais une personne.", show_default=False)
]
Reason = Annotated[str, typer.Option("--why", help="Pourquoi.", show_default=False)]
Day = Annotated[str, typer.Option("--date", help="Date de la décision ; par défaut aujourd'hui.", show_default=False)]


def read(
    file: Journal,
    current: Annotated[bool, typer.Option("--current", help="Seulement les décisions en vigueur.")] = False,
    format: Format = "table",
    csv: Csv = None,
) -> None:
    """Montre les décisions d'un journal, et ce qui est en vigueur."""
    from copkit import journal

    form, found = chosen(format, csv), journal.read(file)
    found = journal.in_force(found) if current else found
    if form == "table":
        from copkit.presentation.followup.decisions import history

        print_table(history(found), ("Raison", "Date", "Qui"))
    else:
        print_data(found, form)


def add(
    file: Journal,
    about: Annotated[str, typer.Option(help="Numéro du dossier ou de l'action, nom du levier, du thème…")],
    decision: Annotated[str, typer.Option(help="Ce qui est décidé ; pour un dossier, sa catégorie.")],
    author: Author,
    reason: Reason,
    kind: Annotated[str, typer.Option(help="dossier, action, levier, theme, territoire ou autre.")] = "dossier",
    day: Day = "",
    revokes: Annotated[int, typer.Option(help="Numéro de la décision remplacée ; 0 : aucune.")] = 0,
) -> None:
    """Ajoute une décision : qui, quoi, quand, pourquoi."""
    from copkit import journal

    _check(kind, decision)
    made = journal.decide(
        file, kind=kind, about=about, decision=decision, author=author, reason=reason, day=day, revokes=revokes
    )
    say(f"Écrit : {file}, décision n° {made.number.iloc[-1]}.")


def revoke(
    file: Journal,
    number: Annotated[int, typer.Argument(metavar="NUMÉRO", help="Numéro de la décision à révoquer.")],
    author: Author,
    reason: Reason,
    day: Day = "",
    decision: Annotated[
        str, typer.Option(help="Ce qui est décidé à la place ; vide : la réponse de la règle reprend.")
    ] = "",
) -> None:
    """Révoque une décision par une autre : la première reste au journal, révoquée."""
    from copkit import journal

    found = journal.read(file)
    for kind in found.kind[found.number == number]:
        _check(kind, decision)
    made = journal.revoke(file, number, author=author, reason=reason, day=day, decision=decision)
    say(f"Écrit : {file}, décision n° {made.number.iloc[-1]} ; n° {number} est révoquée.")


def _check(kind: str, decision: str) -> None:
    """What is decided is one of the words of its kind, where it has some."""
    from copkit import french
    from copkit.projects.sorting.decisions import category_of
    from copkit.projects.sorting.sort import category_labels
    from copkit.roadmap.assessment import DECIDED, decided

    words = {"dossier": category_labels, "action": lambda: DECIDED}.get(french.plain(kind), dict)()
    known = {"dossier": category_of(decision, words) if words else "", "action": decided(decision)}
    if decision and words and not known[french.plain(kind)]:
        said = unknown(f"Décision inconnue : « {decision} »", decision, words.values())
        raise CopkitError(f"{said} Décisions : {' ; '.join(words.values())}.")

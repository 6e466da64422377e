"""The priority themes in a territory's diagnostic: kept, or the first candidates, and what founds each."""

from __future__ import annotations

from itertools import chain

import pandas as pd
import xarray as xr

from copkit import french
from copkit.intake import levers
from copkit.intake.fields import YES, ids
from copkit.models import nomenclatures, panorama, worth
from copkit.presentation import formats, labels
from copkit.presentation.document import Absent, Section, Shown
from copkit.presentation.table import Table
from copkit.presentation.territory import received
from copkit.presentation.text import Note, Text
from copkit.reference import parameters, territories, units

A_YEAR = " par an"  # at the end of the unit of a pace
FIRST = 3  # candidates of each working group
THEMES = Section("themes", 97)


@THEMES.sentence()
def themes(p: xr.Dataset, file: str = "", answers: str = "", projects: str = "", groups: str = "") -> Shown | Absent:
    """Les thèmes prioritaires retenus, ou les premiers possibles, et les chiffres qui fondent chacun.

    ``file`` : les thèmes retenus ; ``answers``, ``projects`` : ce qui les fonde ; ``groups`` : les groupes de travail
    de la COP, sinon ceux du kit. Sans thèmes, ni réponses, ni projets : comment en donner.

    Raises
    ------
    ProjectError
        Si un fichier est absent ou illisible, ou si les groupes ne sont pas complets.
    """
    if not (file or answers or projects):
        how = "Pour montrer ici des thèmes prioritaires, donner des réponses, des projets, ou des thèmes retenus."
        return Absent("", (Note(how),))  # a document does not list it: nothing of the territory is missing
    from copkit.roadmap import themes as model

    given = (
        received.answers(p, answers).answers if answers else None,
        received.projects(p, projects).projects if projects else None,
    )
    found = model.evidence(p, *given)
    if file:
        (path,) = received.located_all(file, model.KEPT)
        shown = model.read_retained(path, groups=groups or None)
        if shown.empty:
            none = "Aucun thème n'est retenu dans ce fichier : écrire oui dans la colonne « Retenu »."
            return Absent("Les thèmes prioritaires", (Note(none),))
        made = (_kept(shown), kept(shown, p.attrs["territory"]))
    else:
        every = model.candidates(p, *given, groups=groups or None)
        shown = every.groupby("group", sort=False).head(FIRST).reset_index(drop=True)
        shown.attrs = every.attrs
        made = (_proposed(shown, len(every)), first(shown, found))
    served = set(chain.from_iterable(map(ids, shown.levers if file else shown.lever)))
    rows = found[found.lever.isin(served)].reset_index(drop=True)
    return Shown((Text("### Thèmes prioritaires"), *_invented(shown, *given), *made, evidence(rows)))


def _invented(*tables: pd.DataFrame | None) -> list[Text]:
    """Whether something that is shown is invented."""
    known = (one for one in tables if one is not None and "invented" in one)
    if any((one.invented == YES).any() for one in known):
        return [Text("**Exemple inventé** : réponses, projets ou thèmes le sont ; objectifs et dynamiques sont réels.")]
    return []


def _kept(shown: pd.DataFrame) -> Text:
    """How many themes, in how many groups, and what their definition still asks for."""
    many, groups = french.plural(len(shown), "thème retenu", "thèmes retenus"), shown.group[shown.group != ""].nunique()
    said = [Text("**{}** dans {}.", many, french.plural(groups, "groupe de travail", "groupes de travail"))]
    if left := len(shown.attrs["problems"]):
        said.append(Text("{} à compléter, que donne « copkit themes ».", french.plural(left, "point")))
    return Text.joined(said, " ")


def _proposed(shown: pd.DataFrame, whole: int) -> Text:
    """What the candidates are, and that nobody has chosen them."""
    return Text(
        "**{}** : les {} premiers de chaque groupe de travail, sur {}. Le score classe, de 0 à 1, par des poids qui "
        "sont des hypothèses du kit ; il ne décide pas : les groupes gardent, réunissent, renomment, ajoutent.",
        french.plural(len(shown), "thème possible", "thèmes possibles"), FIRST, whole,
    )  # fmt: skip


# ------------------------------------------------------------------ tables


def first(found: pd.DataFrame, evidence: pd.DataFrame) -> Table:
    """The first candidates, and what founds each in words."""
    from copkit.roadmap.themes import KINDS

    known = evidence[evidence.value.notna() & (evidence.said != "")]
    said = known.groupby("lever", sort=False).said.agg(" ; ".join)
    return Table.of(
        f"Thèmes prioritaires possibles — {territories.name(found.attrs['territory'])}",
        {
            "Thème": found.title,
            "Groupe de travail": found.group_label,
            "Sorte": found.kind.map(KINDS),
            "Score": (found.score, 2),
            "Ce que l'on en sait": [said.get(one, "—") for one in found.lever],
        },
    )


def kept(found: pd.DataFrame, territory: str) -> Table:
    """The themes that were kept; their level where it tells some apart. What founds them is lever by lever, below."""
    from copkit.roadmap.themes import KINDS, LEVELS

    level = {"Niveau": found.level.map(LEVELS).fillna("—")} if found.level.nunique() > 1 else {}
    return Table.of(
        f"Thèmes prioritaires retenus — {territories.name(territory)}",
        {
            "Thème": found.title,
            "Groupe de travail": found.group.map(found.attrs["groups"]).fillna("—"),
            "Leviers": found.levers.map(levers.said),
            "Sorte": found.kind.map(KINDS).fillna("—"),
            **level,
        },
    )


def evidence(found: pd.DataFrame) -> Table:
    """The figures that found the themes, one a row."""
    known, names = parameters.sources(), nomenclatures.cop_labels()
    table = found[found.value.notna()]
    return Table.of(
        f"Chiffres qui fondent les thèmes — {territories.name(found.attrs['territory'])}",
        {
            "Levier": table.lever.map(names),
            "Chiffre": table.figure,
            "Valeur": (table.value, formats.Rounded(_valued, formats.QUANTITY, _how(found.attrs["territory"], table))),
            "Unité": [_unit(one) for one in table.unit],
            "Année": (table.year, formats.PLAIN),
            "Source": [f"{known[one].publisher}, {known[one].year}" if one in known else one for one in table.source],
            "Statut": table.status.map(labels.STATUSES),
        },
        fold=True,
    )


def _how(code: str, table: pd.DataFrame) -> tuple[tuple[str, int], ...]:
    """What the digits of each figure depend on: its unit and, of an effort, what it is worth."""
    efforts = worth.levers(panorama.shared(code))
    return tuple((unit, efforts.get(lever, worth.MOST)) for unit, lever in zip(table.unit, table.lever, strict=True))


def _valued(how: tuple[str, int], value: float) -> str:
    """A figure of evidence, with the digits that it is worth."""
    unit, figures = how
    if unit == "ktCO2e/an":
        return worth.write(value, figures)
    if unit in ("%", "projets"):
        return french.number(value, 0)
    return formats.CHANGE(value) if unit.endswith(A_YEAR) else formats.OBSERVED(value)


def _unit(unit: str) -> str:
    yearly = A_YEAR if unit.endswith(A_YEAR) else ""
    return f"{units.label(unit.removesuffix(A_YEAR))}{yearly}"

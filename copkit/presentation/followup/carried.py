"""What is left to the next COP, and the work sites that its follow-up looks at."""

from __future__ import annotations

from copkit import french
from copkit.presentation import formats
from copkit.presentation.document import Section
from copkit.presentation.followup.document import caption
from copkit.presentation.roadmap.context import policy
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text, lower
from copkit.reference import territories
from copkit.roadmap import carried as model
from copkit.roadmap import sites
from copkit.roadmap.followup import Followup, worksites

CARRIED = Section("reports", 70)


@CARRIED.table("reports", sheet="Reports", rank=100)
def _carried(f: Followup) -> Table | Note:
    """What is left to the next COP; themes and levers without action are named below, not listed."""
    found = f.carried.reset_index(drop=True)
    if found.empty:
        return Note("Rien n'est reporté à la COP suivante.")
    made = Table.of(
        caption(f, "Ce qui est laissé à la COP suivante"),
        {
            "Sorte": found.kind.map(model.KINDS),
            "Sujet": found.title,
            "Pourquoi": found.reason.replace("", "—"),
            "Depuis": (found.since, formats.PLAIN),
        },
    )
    for one, said in (
        (model.THEME, "Thèmes sans action retenue : {}."),
        (model.LEVER, "Leviers sans action retenue : {}."),
    ):
        rows = [n for n, kind in enumerate(found.kind) if kind == one]
        made = made.without(rows, found.title[rows], said)
    return made


WORKSITES = Section("chantiers", 80)


@WORKSITES.sentence()
def worksites_of(f: Followup) -> Text:
    """D'où viennent les chantiers à suivre."""
    found = sites.rules().worksites
    here = territories.region_of(f.territory) if f.territory != "fr" else "fr"
    name = territories.name(found.territory)
    whose = (
        "la feuille de route de la région" if here == found.territory else f"la feuille de route {_of(name)}, en modèle"
    )
    return Text("{} que {} annonce. {}", french.plural(len(found.items), "chantier"), whose, found.note)


def _of(name: str) -> str:
    return f"des {name}"


@WORKSITES.table("chantiers", sheet="Chantiers", rank=110)
def _worksites(f: Followup) -> Table:
    found = worksites(f)
    counted = found.levers != ""
    return Table.of(
        caption(f, "Chantiers à suivre, et ce que les données en disent"),
        {
            "Chantier": found.label,
            "À suivre": found.follow.map(french.capital),
            "Actions retenues": _figures(found.actions, counted),
            "Faites": _figures(found.done, counted),
            "En retard": _figures(found.late, counted),
            "Leviers au rythme": [
                f"{one.on_track} sur {one.judged}" if one.judged else "—" for one in found.itertuples()
            ],
            "Données à réunir": [lower(one) if one else "—" for one in found.needs],
        },
    )


CITY = Section("ville", 90)


@CITY.table("ville", sheet="Politique de la ville", rank=115, when=lambda f: f.city is not None)
def _city(f: Followup) -> Table:
    return policy(f.city, caption(f, "Contrats de ville lus, et ce qu'ils couvrent"))


def _figures(counts, known) -> list[str]:
    return [str(one) if yes else "—" for one, yes in zip(counts, known, strict=True)]

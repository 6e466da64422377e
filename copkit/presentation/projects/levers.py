"""The levers that receive projects, and those that receive none."""

from __future__ import annotations

import lazy_loader

from copkit import french
from copkit.presentation import charts
from copkit.presentation.document import Section
from copkit.presentation.projects.counts import listed
from copkit.presentation.projects.document import caption, counted, rules, words
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text, lower
from copkit.projects.selection import Vivier

alt = lazy_loader.load("altair")
LISTS = {
    "most": "Les plus investis",
    "least": "Les moins investis",
    "grouped": "Compris dans un autre terme",
    "none": "Non investis",
}
LEVERS = Section("leviers", 70)


@LEVERS.sentence()
def levers(v: Vivier) -> Text:
    """Ce que comptent les listes de leviers, et la règle des ex aequo."""
    found = v.ranks
    none = [lower(label) for label in found.label[found["list"] == "none"]]
    closing = found[(found["list"] == "most") & found["rank"].isna()].set_index("lever")
    others, blank = closing.loc["autres"], closing.loc["non_renseigne"]
    said = (
        f"« Autres leviers » : {french.number(others.projects, 0)} dossiers ({french.percent(others.share, 1)}) ; "
        f"levier non renseigné : {french.number(blank.projects, 0)} ({french.percent(blank.share, 1)}). "
    )
    said += f"{len(none)} des 43 leviers n'ont aucun dossier : {french.join(none)}." if none else ""
    return Text.joined([said, Text.bullets(rules(found.attrs["rules"]))])


@LEVERS.chart(name="levers")
def ranks(v: Vivier) -> alt.LayerChart | Note:
    """Les leviers les plus investis et leur rang, sur les dossiers à remonter et à travailler. [nombre]"""
    most = v.ranks[(v.ranks["list"] == "most") & v.ranks["rank"].notna()]
    if most.empty:
        return Note("Aucun dossier à remonter ou à travailler ne nomme un levier.")
    drawn = counted(most)
    drawn["written"] = [f"{said} · {rank(place)}" for said, place in zip(drawn.written, most.rank_label, strict=True)]
    made = words(
        v,
        f"« {most.label.iloc[0]} » : {french.percent(most.share.iloc[0], 0)} des dossiers",
        f"nombre de dossiers à remonter ou à travailler (n = {french.number(v.ranks.attrs['n'], 0)}) ; part ; rang",
        f"Leviers les plus investis : {charts.said(drawn)}.",
        "Deux leviers au même nombre de dossiers ont le même rang (ex aequo)",
    )
    domain = [0, 1.4 * float(drawn.projects.max())]
    return charts.bars(drawn, "projects", "nombre de dossiers", made, domain=domain, axis=charts.whole())


def rank(said: str) -> str:
    """The rank of a lever, which is masculine.

    >>> rank("1re ex aequo"), rank("3e")
    ('1er ex aequo', '3e')
    """
    return said.replace("1re", "1er")


@LEVERS.table("leviers", sheet="Leviers", rank=50)
def _ranks(v: Vivier) -> Table:
    found = v.ranks
    n = french.number(found.attrs["n"], 0)
    text = f"Leviers les plus, les moins et non investis, dossiers à remonter ou à travailler (n = {n})"
    return Table.of(
        caption(v, text),
        {
            "Liste": found["list"].map(LISTS),
            "Levier": found.label,
            "Dossiers": (found.projects, 0),
            "Part (%)": (found.share, 1),
            "Rang dans la liste": [rank(one) or "—" for one in found.rank_label],
            "Note": [one or "—" for one in found.note],
        },
    )


@LEVERS.table("leviers_tous", sheet="Tous les leviers", rank=60, page=False)
def _all_levers(v: Vivier) -> Table:
    text = "Tous les leviers des projets, dossiers à remonter ou à travailler"
    made = listed(v.by("lever"), "Levier", caption(v, text), v.labels)
    made.data.insert(3, "Rang", [rank(one) or "—" for one in v.by("lever").rank_label])
    return made

"""Jobs and skills, and the context of a COP: what was given of them; nothing is of the kit."""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.intake import gazetteer
from copkit.presentation import formats
from copkit.presentation.document import Section
from copkit.presentation.roadmap.document import caption
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text
from copkit.roadmap.contracts import is_city
from copkit.roadmap.plan import Roadmap

JOBS, CONTEXT = Section("emplois", 103, "Emplois et compétences"), Section("contexte", 106, "Contexte")
NO_JOBS = (
    "Aucun chiffre d'emploi n'a été donné. « copkit template jobs » écrit le classeur à faire remplir ; donner son "
    "chemin au paramètre « emplois »."
)
NO_CONTEXT = (
    "Aucun contrat de ville n'a été donné. Donner le chemin de leur liste au paramètre « contrats » : un contrat par "
    "ligne, s'il a été lu, ses quartiers, ses habitants."
)


@JOBS.sentence(always=True)
def employment(r: Roadmap) -> Text | Note:
    """Les emplois d'aujourd'hui et à venir, les places de formation, et la part des besoins qu'elles couvrent."""
    if r.employment is None:
        return Note(NO_JOBS)
    if r.employment.empty:
        return Note("Le fichier des emplois n'a aucune ligne.")
    *rows, whole = r.employment.itertuples()
    lines = []
    if whole.now == whole.now:
        known = all(one.now == one.now and one.later == one.later for one in rows)
        later = f", {french.signed(whole.change, 0)} % d'ici l'année visée"
        later += "" if known else " selon les lignes qui disent les deux nombres"
        later = later if whole.change == whole.change else ""
        lines.append(Text("**{} emplois** dans {} {}{}.", french.number(whole.now, 0), len(rows),
                          "secteur ou métier" if len(rows) == 1 else "secteurs ou métiers", later))  # fmt: skip
    if whole.coverage == whole.coverage:
        both = len(rows) - whole.missing
        lines.append(
            Text(
                "**{} % des besoins de formation couverts**, selon {}{}.",
                french.number(whole.coverage, 0),
                french.plural(both, "ligne qui dit les places et les besoins", "lignes qui disent places et besoins"),
                f" ; {whole.missing} sans l'un des deux" if whole.missing else "",
            )
        )
    lines.append(Text("Chiffres donnés par le fichier, avec leur source ; le kit n'en a aucun."))
    return Text.bullets(lines)


@JOBS.table("emplois", sheet="Emplois", rank=90, always=True)
def _jobs(r: Roadmap) -> Table | Note | None:
    found = r.employment
    if found is None or found.empty:
        return None
    return counted(found, caption(r, "Emplois et compétences, par secteur ou métier"))


def counted(found: pd.DataFrame, title: str) -> Table:
    """The numbers of each sector or trade, and of all."""
    columns = {
        "Secteur ou métier": found.title,
        "Emplois actuels": (found.now, 0),
        "Année": (found.now_year, formats.dashed(formats.PLAIN)),
        "Emplois à venir": (found.later, 0),
        "Année visée": (found.later_year, formats.dashed(formats.PLAIN)),
        "Évolution (%)": (found.change, formats.signed(0)),
        "Départs": (found.retirements, 0),
        "Entrées": (found.entries, 0),
        "Créations nettes": (found.net, formats.signed(0)),
        "Places de formation": (found.places, 0),
        "À former": (found.needs, 0),
        "Couverture (%)": (found.coverage, 0),
        "Source": found.origin,
    }
    return Table.of(title, columns)


@CONTEXT.sentence(always=True)
def city(r: Roadmap) -> Text | Note:
    """Ce que la liste donne des contrats de ville lus, à côté de ce que la source imprime."""
    return Note(NO_CONTEXT) if r.city is None else read_of(r.city)


def read_of(found: pd.DataFrame) -> Text:
    """What was read of the contrats de ville according to a list, and what a source prints that is not the same."""
    said = [
        f"{french.number(one.looked, 0)} {one.label} sur {french.number(one.whole, 0)} ({french.percent(one.share, 0)})"
        for one in found.itertuples()
        if one.whole > 0
    ]
    notes = [one.published_note for one in found.itertuples() if one.published_note]
    return Text.joined([Text("**Lus** : {}.", french.join(said)), Text("{}", " ".join(notes)) if notes else ""], " ")


@CONTEXT.table("ville", sheet="Politique de la ville", rank=95, always=True)
def _city(r: Roadmap) -> Table | None:
    return None if r.city is None else policy(r.city, caption(r, "Contrats de ville lus, et ce qu'ils couvrent"))


def policy(found: pd.DataFrame, title: str) -> Table:
    """What a list gives of each measure, beside what a source prints of it."""
    columns = {
        "Politique de la ville": found.label.map(french.capital),
        "Lus": (found.looked, 0),
        "En tout": (found.whole, 0),
        "Part (%)": (found.share, 0),
        "Contrats qui n'en disent pas le nombre": (found.missing, 0),
    }
    if found.published_looked.notna().any():
        columns["Lus, selon la source"] = (found.published_looked, 0)
        columns["En tout, selon la source"] = (found.published_whole, 0)
        columns["Part imprimée (%)"] = (found.published_share, 0)
    return Table.of(title, columns)


@CONTEXT.table("contexte", sheet="Contexte", rank=96, always=True, rows=60)
def _contracts(r: Roadmap) -> Table | None:
    if r.contracts is None:
        return None
    found = r.contracts
    kinds = [french.capital(kind) or "Contrat de ville" for kind in found.kind]
    columns = {
        "Contrat": found.title,
        "Sorte": kinds,
        "Département": [gazetteer.name(one) if one else "non dit" for one in found.departement],
        "Lu": ["—" if not own else one or "non dit" for one, own in zip(found.read, is_city(found), strict=True)],
        "Quartiers": (found.quarters, 0),
        "Habitants en QPV": (found.residents, 0),
        "À savoir": found.about,
    }
    return Table.of(caption(r, "Les contrats, un par un"), columns, fold=True)

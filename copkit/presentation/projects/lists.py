"""The lists of a vivier: what happened at the reading, dossiers explained, opinions that differ.

The public version has neither what was written in a wrong cell, nor opinions, nor the holder that a person typed.
"""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.intake import levers, report
from copkit.presentation.projects.caption import caption
from copkit.presentation.table import Table
from copkit.presentation.territory.analyses import Note
from copkit.projects import fields
from copkit.projects.triage import criteria
from copkit.projects.triage import opinions as bodies
from copkit.projects.vivier import Vivier
from copkit.reference import framework, tables, territories

EXPLAINED = 10
MOST_PROJECTS = 20_000  # dossiers of a workbook
PRIVATE = ("problemes", "ecartees", "libelles", "doublons", "doublons_probables")  # what was written in a file
ACCOUNT = (
    ("rows", "Lignes lues dans le fichier"),
    ("set_aside", "Lignes écartées (elles ne peuvent pas être un dossier)"),
    ("left_out", "Lignes de feuilles qui n'ont pas été lues"),
    ("duplicates", "Seconds dépôts d'un même dossier, non comptés"),
    ("same_number", "Numéros portés par plusieurs dossiers différents, tous comptés"),
    ("probable_groups", "Groupes de doublons probables (même porteur, même intitulé), comptés"),
    ("problems", "Cellules à vérifier"),
    ("unknown", "Libellés non reconnus"),
    ("conflicts", "Valeurs contradictoires de deux colonnes réunies"),
    ("without_lever", "Dossiers sans levier, comptés"),
    ("without_commune", "Dossiers sans commune, comptés"),
    ("without_departement", "Dossiers sans département"),
    ("opinions", "Avis reçus avec les dossiers"),
    ("dropped", "Colonnes de données personnelles retirées à la lecture"),
    ("masked", "Cellules dont un courriel ou un téléphone a été masqué"),
)


def read(v: Vivier) -> Table:
    """How many rows, dossiers and problems."""
    rows = [(label, v.counts[name]) for name, label in ACCOUNT]
    rows += [("Dossiers d'un autre territoire, hors du compte", v.elsewhere)]
    kept = "comptés" if v.placeless else "hors du compte"
    rows += [(f"Dossiers sans lieu, {kept}", v.nowhere), (f"Dossiers comptés ici : {v.name}", len(v.counted))]
    return Table(
        pd.DataFrame(rows, columns=["Ce qui a été lu", "Nombre"]), caption(v, "Ce qui a été lu"), {"Nombre": 0}
    )


def problems(v: Vivier) -> Table | Note:
    """The cells to check, gathered by column and message."""
    found = v.reading.problems
    if found.empty:
        return Note("Aucune cellule à vérifier.")
    groups = found.groupby(["file", "column", "message"], sort=False)
    out = groups.agg(n=("row", "size"), row=("row", "first"), value=("value", "first")).reset_index()
    out = out.sort_values("n", ascending=False, kind="stable")
    shown = pd.DataFrame(
        {
            "Fichier": out.file,
            "Colonne": out.column,
            "Problème et remède": out.message,
            "Cellules": out.n,
            "Première ligne": out.row.map(str),
            "Sa valeur": [one or "—" for one in out.value],
        }
    )
    return Table(shown.reset_index(drop=True), caption(v, "Cellules à vérifier"), {"Cellules": 0})


def set_aside(v: Vivier) -> Table | Note:
    """The rows that cannot be a dossier."""
    found = v.reading.set_aside
    if found.empty:
        return Note("Aucune ligne écartée.")
    out = pd.DataFrame(
        {
            "Fichier": found.file,
            "Feuille": [one or "—" for one in found.sheet],
            "Ligne": found.row.map(str),
            "Raison": found.reason,
            "Contenu reçu": found.content,
        }
    )
    return Table(out.reset_index(drop=True), caption(v, "Lignes écartées"), {})


def unknown(v: Vivier) -> Table | Note:
    """The labels that nobody knows, with those that are close."""
    found = v.reading.unknown_labels
    if found.empty:
        return Note("Tous les libellés sont reconnus.")
    out = pd.DataFrame(
        {
            "Sorte": found.kind.map(lambda name: report.sort(name, v.reading.kind)),
            "Libellé": found.label,
            "Lignes": found["count"],
            "Libellés proches": [one or "—" for one in found.suggestions],
        }
    )
    return Table(out.reset_index(drop=True), caption(v, "Libellés non reconnus"), {"Lignes": 0})


def duplicates(v: Vivier) -> Table | Note:
    """The second submissions, which are not counted."""
    found = v.reading.duplicates
    if found.empty:
        return Note("Aucun dossier n'est donné deux fois.")
    out = pd.DataFrame(
        {
            "Dossier": found.project_id,
            "Ligne non comptée": found.row.map(str),
            "Ligne gardée": found.kept_row.map(str),
            "Champs qui diffèrent": [one or "aucun" for one in found.differences],
        }
    )
    return Table(out.reset_index(drop=True), caption(v, "Seconds dépôts d'un même dossier, non comptés"), {})


def probable(v: Vivier) -> Table | Note:
    """The dossiers that look like the same one under two ids: counted."""
    found = v.reading.probable_duplicates
    if found.empty:
        return Note("Aucun doublon probable.")
    out = pd.DataFrame(
        {
            "Groupe": found.group.map(str),
            "Dossier": found.project_id,
            "Intitulé": found.title,
            "Porteur": [one or french.UNKNOWN for one in found.holder],
            "Ligne": found.row.map(str),
        }
    )
    return Table(
        out.reset_index(drop=True), caption(v, "Doublons probables, comptés : même porteur, même intitulé"), {}
    )


# ------------------------------------------------------------------ dossiers


def explanations(v: Vivier) -> Table:
    """Ten dossiers with the answer of the rules: one for each rule, then for each other reason."""
    kept = v.counted
    by_rule = kept.drop_duplicates("rule")
    others = kept[~kept.index.isin(by_rule.index)].drop_duplicates(["rule", "missing", "dimension", "maturity"])
    chosen = pd.concat([by_rule, others]).head(EXPLAINED)
    order = {one: n for n, one in enumerate(fields.CATEGORIES)}
    chosen = chosen.iloc[chosen.category_kept.map(order).argsort(kind="stable")]
    out = pd.DataFrame(
        {
            "Dossier": chosen.project_id,
            "Intitulé": [one or french.UNKNOWN for one in chosen.title],
            "Porteur": v.holder(chosen),
            "Catégorie": chosen.category.map(v.labels),
            "Pourquoi": chosen.reason,
            "Ce qui manque": [one or "rien" for one in chosen.missing],
        }
    ).reset_index(drop=True)
    if (v.counted.decision != "").any():
        out["Décision"] = [v.labels.get(one, "—") for one in chosen.decision]
    return Table(out, caption(v, f"{len(out)} dossiers expliqués, un au moins pour chaque règle appliquée"), {})


def opinions(v: Vivier) -> Table | Note:
    """The dossiers on which two bodies differ, body by body."""
    if v.public:
        return Note("Les avis des services ne figurent pas dans la version publique.")
    found = bodies.side_by_side(v.projects)
    if found.empty:
        return Note("Aucun avis de service n'est écrit dans les dossiers (préfecture, DREAL, agences).")
    differ = found[found.disagreement != ""]
    if differ.empty:
        count = french.plural(found.project_id.nunique(), "dossier")
        return Note(f"{count} avec un avis de service ; aucun désaccord entre les services.")
    out = pd.DataFrame(
        {
            "Dossier": differ.project_id,
            "Intitulé": differ.title,
            "Service": differ.body_label,
            "Avis": [fields.OPINIONS.get(one, "—") for one in differ.opinion],
            "Financement repéré": [one or "—" for one in differ.funding],
            "Ingénierie repérée": [one or "—" for one in differ.engineering],
        }
    )
    return Table(out.reset_index(drop=True), caption(v, "Dossiers sur lesquels les avis diffèrent"), {})


def projects(v: Vivier) -> Table:
    """Every dossier that is counted, with the answer of the rules and of the criteria."""
    kept = v.counted.head(MOST_PROJECTS)
    epci = dict(zip((known := tables.read("epci.csv")).code, known.name, strict=True))
    themes = framework.labels("thematiques")
    out = pd.DataFrame(
        {
            "Dossier": kept.project_id,
            "Intitulé": kept.title,
            "Porteur": v.holder(kept),
            "Département": [territories.name(one) if one else french.UNKNOWN for one in kept.departement],
            "EPCI": [epci.get(one, french.UNKNOWN) for one in kept.epci],
            "Levier": [levers.said(one) for one in kept.lever],
            "Thématiques": [
                french.join(themes.get(one, one) for one in cell.split(fields.SEPARATOR)) if cell else "non renseigné"
                for cell in kept.thematiques
            ],
            "Coût (€)": kept.cost,
            "Montant engagé (€)": kept.amount,
            "Catégorie retenue": kept.category_kept.map(v.labels),
            "Catégorie selon les règles": kept.category.map(v.labels),
            "Pourquoi": kept.reason,
            "Ce qui manque": [one or "—" for one in kept.missing],
        }
    )
    for key, label in {**criteria.CRITERIA, "included": "Les trois critères"}.items():
        out[label] = [one or "à préciser" for one in kept[key]]
        out[f"{label} : raison"] = [one or "—" for one in kept[f"{key}_reason"]]
    if not v.public:
        out["Avis partagés"] = [one or "—" for one in kept.disagreement]
    text = "Tous les dossiers comptés"
    if len(v.counted) > MOST_PROJECTS:
        text = f"{french.number(MOST_PROJECTS, 0)} premiers dossiers sur {french.number(len(v.counted), 0)}"
    return Table(out.reset_index(drop=True), caption(v, text), {"Coût (€)": 2, "Montant engagé (€)": 2})

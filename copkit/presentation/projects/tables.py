"""The tables of a vivier: French headings, units in the headings, a caption that says where, when, and if invented."""

from __future__ import annotations

import pandas as pd

from copkit import french
from copkit.errors import ProjectError, suggestion
from copkit.intake import levers
from copkit.presentation.projects import lists
from copkit.presentation.projects.caption import caption, nothing
from copkit.presentation.projects.charts import ANSWERS, column_name, rank
from copkit.presentation.projects.tiles import NONE, tiles
from copkit.presentation.table import Table
from copkit.presentation.territory.analyses import Note
from copkit.projects.counting import balance
from copkit.projects.triage import criteria
from copkit.projects.vivier import Vivier
from copkit.reference import parameters, territories, units

LISTS = {
    "most": "Les plus investis",
    "least": "Les moins investis",
    "grouped": "Compris dans un autre terme",
    "none": "Non investis",
}
SOURCES = (
    "feuille_de_route_hauts_de_france_2025",
    "sgpe_point_de_sortie",
    "sgpe_simulateur_2024",
    "insee_cog_2026",
    "svg_maps_france_departements",
    "natural_earth_10m",
)
MOST = 200  # rows of a table on the page
SHORT = dict.fromkeys(("problemes", "ecartees", "libelles", "doublons", "doublons_probables", "avis", "criteres"), 30)


NUMBERS = Note("La version publique ne donne que ces nombres : les listes citent ce qui est écrit dans le fichier.")


def table(v: Vivier, what: str = "bilan", *, whole: bool = False) -> Table | Note | None:
    """Une table en français à propos d'un vivier de projets.

    Parameters
    ----------
    v : le vivier, ``ck.vivier(fichier, territoire)``.
    what : « lecture », « problemes », « ecartees », « libelles », « doublons », « doublons_probables » ; « bilan »,
        « parts », « thematiques », « themes », « leviers », « leviers_tous », « epci », « epci_sans_projet »,
        « couverture », « porteurs » ; « explications », « avis », « criteres », « dossiers » ; « objectifs »,
        « quantites », « sources ».
    whole : toutes les lignes ; par défaut une longue liste est coupée, et sa légende dit combien elle en a.

    Returns
    -------
    Une table ; une phrase où il n'y a rien à montrer ; rien quand la phrase est déjà dite à côté.

    Raises
    ------
    ProjectError
        Si la table demandée n'existe pas.
    """
    if what not in TABLES:
        raise ProjectError(
            f"Table inconnue : « {what} ».{suggestion(what, list(TABLES))} Tables : {', '.join(TABLES)}."
        )
    if v.public and what in lists.PRIVATE:
        return NUMBERS if what == lists.PRIVATE[0] else None
    if v.empty and what not in ("lecture", "sources", *lists.PRIVATE):
        return nothing(v) if what in ("explications", "avis") else None  # elsewhere its chart says so
    found = TABLES[what](v)
    return found if whole or isinstance(found, Note) else _first(found, SHORT.get(what, MOST))


def _first(found: Table, most: int) -> Table:
    """A table as a page shows it: its first rows, and how many it has."""
    if len(found.data) <= most:
        return found
    said = f"{found.caption} : {most} premières lignes sur {french.number(len(found.data), 0)}, toutes dans le classeur"
    return Table(found.data.head(most), said, found.formats)


# ------------------------------------------------------------------ the balance


def _balance(v: Vivier) -> Table:
    return _crossed(v, v.categories, "Nombre de dossiers par catégorie", 0)


def _shares(v: Vivier) -> Table:
    return _crossed(v, v.shares, "Part de chaque catégorie (% de la colonne)", 1)


def _crossed(v: Vivier, found: pd.DataFrame, text: str, decimals: int) -> Table:
    total = "Total" if v.level != "departement" else column_name(v, balance.TOTAL)
    names = {c: total if c == balance.TOTAL else column_name(v, c) for c in found.columns[2:]}
    out = pd.DataFrame({"Catégorie": found.label, **{name: found[c] for c, name in names.items()}})
    out.loc[out.index[-1], "Catégorie"] = "Ensemble"
    return Table(out, caption(v, text), dict.fromkeys(names.values(), decimals))


def _thematiques(v: Vivier) -> Table:
    return _listed(v, v.thematiques, "Thématique", "Dossiers par thématique")


def _listed(v: Vivier, found: pd.DataFrame, noun: str, text: str) -> Table:
    """A balance with one row for each key: dossiers, share, categories, and the amounts that are known."""
    out = pd.DataFrame({noun: found.label, "Dossiers": found.projects, "Part (%)": found.share})
    formats = {"Dossiers": 0, "Part (%)": 1}
    for one in (c for c in found if c in v.labels):
        out[v.labels[one]], formats[v.labels[one]] = found[one], 0
    money = _money(found)
    return Table(out.assign(**money), caption(v, text), formats | dict.fromkeys(money, 0))


def _money(found: pd.DataFrame) -> dict[str, pd.Series]:
    """The costs and the engaged amounts, each when a project gives one, and how many do not."""
    some, out = found.projects > 0, {}
    if found.cost[some].notna().any():
        out |= {"Coût total (€)": found.cost, "Coûts absents": found.cost_missing}
    if found.amount[some].notna().any():
        out |= {"Montant engagé (€)": found.amount, "Montants absents": found.amount_missing}
    return out


def _themes(v: Vivier) -> Table:
    parts = v.themes()
    whole = next(iter(parts.values())).set_index("theme")
    out = pd.DataFrame({"Thème": whole.label, "Dossiers": whole.projects})
    for name, part in parts.items():
        out[f"{name} (%)"] = part.set_index("theme").share.reindex(whole.index, fill_value=0.0)
    formats = {"Dossiers": 0} | dict.fromkeys(out.columns[2:], 1)
    return Table(out.reset_index(drop=True), caption(v, "Part de chaque thème de la matrice des 43 leviers"), formats)


# ------------------------------------------------------------------ levers


def _levers(v: Vivier) -> Table:
    found = v.ranks
    out = pd.DataFrame(
        {
            "Liste": found["list"].map(LISTS),
            "Levier": found.label,
            "Dossiers": found.projects,
            "Part (%)": found.share,
            "Rang dans la liste": [rank(one) or "—" for one in found.rank_label],
            "Note": [one or "—" for one in found.note],
        }
    )
    n = french.number(found.attrs["n"], 0)
    text = f"Leviers les plus, les moins et non investis, dossiers à remonter ou à travailler (n = {n})"
    return Table(out, caption(v, text), {"Dossiers": 0, "Part (%)": 1})


def _all_levers(v: Vivier) -> Table:
    found = v.levers
    text = "Tous les leviers des projets, dossiers à remonter ou à travailler"
    made = _listed(v, found, "Levier", text)
    made.data.insert(3, "Rang", [rank(one) or "—" for one in found.rank_label])
    return made


NO_TARGET = "Sans objectif en ktCO2e dans ce panorama."  # said once, in the caption


def _targets(v: Vivier) -> Table:
    found = v.crossing
    target = found.target.astype(object).where(found.shown.fillna(True), "?").where(found.target.notna(), "—")
    counted = {"Dossiers": found.projects, **_money(found)}
    effect = {
        "Dossiers quantifiés": found.declared,
        "Effet identifié (ktCO2e/an)": found.kt_identified.astype(object).where(found.projects > 0, "—"),
        "Part de l'objectif (%)": found.target_share.astype(object).where(
            (found.projects > 0) & (found.target > 0), "—"
        ),
    }
    notes = {"Note": [one.replace(NO_TARGET, "").strip() or "—" for one in found.note]}
    out = pd.DataFrame({"Levier": found.label, "Objectif 2030 (ktCO2e/an)": target, **counted, **effect, **notes})
    formats = {"Objectif 2030 (ktCO2e/an)": 1} | dict.fromkeys([*counted, "Dossiers quantifiés"], 0)
    formats |= {"Effet identifié (ktCO2e/an)": french.quantity, "Part de l'objectif (%)": french.quantity}
    text = (
        "Ce que les projets couvrent des objectifs ; — : sans objectif en ktCO2e ou sans dossier, ? : non régionalisé"
    )
    return Table(out, caption(v, text), formats)


def _quantities(v: Vivier) -> Table | Note:
    found = v.quantities
    if found.empty:
        return Note("Aucun dossier ne déclare de quantité physique.")
    out = pd.DataFrame(
        {
            "Dossier": found.project_id,
            "Levier": [levers.said(one) for one in found.lever],
            "Quantité déclarée": found.quantity,
        }
    )
    if not v.public:
        out["Unité déclarée"] = [one or "—" for one in found.quantity_unit]
    out["Dans l'unité du levier"] = found.converted
    out["Unité du levier"] = [units.label(one) if one else "—" for one in found.unit]
    out["Effet (ktCO2e/an)"] = found.kt
    if v.public:
        out["Remarque"] = ["non convertie" if reason else "convertie" for reason in found.reason]
    else:
        said = zip(found.reason, found.note, strict=True)
        out["Remarque"] = [f"Non convertie : {reason}" if reason else note or "—" for reason, note in said]
    numbers = ("Quantité déclarée", "Dans l'unité du levier", "Effet (ktCO2e/an)")
    return Table(out, caption(v, "Quantités physiques déclarées"), dict.fromkeys(numbers, _small))


def _small(value: float) -> str:
    """A quantity, with its first digits even when it is very small.

    >>> _small(0.0021), _small(446.7), _small(0.0)
    ('0,0021', '447', '0')
    """
    if not 0 < abs(value) < 0.1:
        return french.quantity(value)
    return f"{value:.3g}".replace(".", ",")


# ------------------------------------------------------------------ territories


def _epci(v: Vivier) -> Table:
    found = tiles(v)
    out = pd.DataFrame(
        {
            "EPCI": [f"{name} *" if both else name for name, both in zip(found["name"], found.straddling, strict=True)],
            "Dossiers situés": found.projects,
            "Département": found.departement.map(territories.name),
            "Population (habitants)": found.population,
            "Projet": [
                f"{NONE} aucun" if without else "oui" if n else "porteur seulement"
                for without, n in zip(found.without, found.projects, strict=True)
            ],
        }
    )
    text = "Dossiers par EPCI ; * : EPCI à cheval, dans chacun de ses départements"
    return Table(out, caption(v, text), {"Population (habitants)": 0, "Dossiers situés": 0})


def _without(v: Vivier) -> Table | Note:
    found = v.without_epci
    if found.empty:
        return Note("Chaque EPCI de la liste officielle a au moins un projet.")
    out = pd.DataFrame(
        {
            "EPCI": found["name"],
            "Départements": [
                french.join(territories.name(code) for code in cell.split(" ")) for cell in found.departements
            ],
            "Population (habitants)": found.population,
        }
    )
    text = f"EPCI sans aucun projet, liste officielle de {found.attrs['list_year']}"
    return Table(out, caption(v, text), {"Population (habitants)": 0})


def _coverage(v: Vivier) -> Table:
    found = v.coverage[v.coverage.total.notna()]
    out = pd.DataFrame(
        {
            "Territoire": found["name"],
            "Niveau": found.label,
            "Avec projet": found.covered,
            "Liste officielle": found.total,
            "Part (%)": found.share,
            "Portent un projet": found.held,
            "Accueillent un projet": found.located,
            "Sans projet": found.without,
        }
    ).reset_index(drop=True)
    formats = {c: 0 for c in out.columns[2:]} | {"Part (%)": 1}
    return Table(out, caption(v, "Collectivités qui ont au moins un projet"), formats)


def _holders(v: Vivier) -> Table:
    return _listed(v, v.holders, "Type de porteur", "Dossiers par type de porteur")


# ------------------------------------------------------------------ triage


def _criteria(v: Vivier) -> Table:
    names, rows = {**criteria.CRITERIA, "included": "Les trois critères"}, []
    for key, label in names.items():
        counts = v.counted.groupby([key, f"{key}_reason"], sort=False).size().sort_values(ascending=False)
        rows += [(label, ANSWERS[answer], reason, n) for (answer, reason), n in counts.items()]
    out = pd.DataFrame(rows, columns=["Critère", "Réponse", "Raison", "Dossiers"])
    out["Part (%)"] = 100 * out["Dossiers"] / len(v.counted)
    text = "Critères d'inclusion : réponses et raisons"
    return Table(out, caption(v, text), {"Dossiers": 0, "Part (%)": 1})


def _sources(v: Vivier) -> Table:
    known = parameters.sources()
    rows = [(s.publisher, s.title, s.year, s.licence, s.locator) for s in (known[key] for key in SOURCES)]
    columns = ["Producteur", "Jeu de données", "Année", "Licence", "Où le lire"]
    return Table(pd.DataFrame(rows, columns=columns), caption(v, "Sources des règles, des objectifs et des listes"), {})


TABLES = {
    "lecture": lists.read,
    "problemes": lists.problems,
    "ecartees": lists.set_aside,
    "libelles": lists.unknown,
    "doublons": lists.duplicates,
    "doublons_probables": lists.probable,
    "bilan": _balance,
    "parts": _shares,
    "thematiques": _thematiques,
    "themes": _themes,
    "leviers": _levers,
    "leviers_tous": _all_levers,
    "epci": _epci,
    "epci_sans_projet": _without,
    "couverture": _coverage,
    "porteurs": _holders,
    "explications": lists.explanations,
    "avis": lists.opinions,
    "criteres": _criteria,
    "dossiers": lists.projects,
    "objectifs": _targets,
    "quantites": _quantities,
    "sources": _sources,
}

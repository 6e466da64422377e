"""The projects beside the targets: for each lever, ktCO2e aimed at, projects, euros, and the ktCO2e they identify.

A project identifies ktCO2e when it declares a physical quantity in the unit of its lever, or in one that measures the
same thing; what does not convert is listed with its reason, never dropped and never guessed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import xarray as xr

from copkit import french
from copkit.files import kept
from copkit.intake import perimeters
from copkit.models import levers as physics
from copkit.models import nomenclatures
from copkit.models import panorama as panoramas
from copkit.projects import fields
from copkit.projects.counting import balance, membership
from copkit.reference import parameters, territories, units

UNAIMED = {"target": math.nan, "shown": None, "unit": ""}
MONEY = ("cost", "cost_missing", "amount", "amount_missing")
RULES = [
    "ktCO2e/an identifiées : effet déclaré, divisé par le coefficient publié du levier (« dérivé », à l'ordre 1).",
    "Une quantité déclarée est l'effet du projet, dans le sens du levier : ce qu'il ajoute ou ce qu'il épargne.",
    "Un levier du panorama qui en réunit plusieurs compte leurs projets ; le total compte chaque projet une fois.",
]


def crossing(
    projects: pd.DataFrame, territory: str | xr.Dataset = "reg-32", *, categories: Sequence[str] | str | None = None
) -> pd.DataFrame:
    """Ce que les projets couvrent des objectifs : par levier, cible, projets, montants et ktCO2e identifiées.

    Parameters
    ----------
    projects : projets lus par ``ck.projects.read``, triés ou non.
    territory : code (« reg-32 », « dep-59 ») ou panorama ; seuls comptent les projets qui y sont situés.
    categories : comme ``ck.projects.balance`` par levier : à remonter et à travailler quand ils ont une catégorie.

    Returns
    -------
    DataFrame : lever, label, unit, target [ktCO2e/an, NaN sans objectif chiffré], shown (objectif régionalisé),
    projects, position (« with », « none », « grouped »), cost et amount [EUR] avec le nombre de valeurs absentes,
    declared (projets dont la quantité se convertit), kt_identified [ktCO2e/an], target_share [%], status, part_of
    (levier du panorama qui porte ses kt), note. ``attrs`` : n, rules (phrases), targets (avec et sans forêt), invented.

    Raises
    ------
    ProjectError
        Si une catégorie est inconnue.
    TerritoryError
        Si le territoire est inconnu ou ambigu.

    References
    ----------
    Objectifs : ``sgpe_simulateur_2024`` dans parameters/sources.yml.
    """
    p, chosen, rules = _inputs(projects, territory, categories)
    counts = balance.balance(chosen.projects, "lever", categories=balance.ALL).set_index("lever")
    quantified = declared(chosen.projects, p)
    known = quantified[quantified.kt.notna()]
    levers, kt = known.lever.to_list(), known.kt.to_numpy()
    rows, found = [], membership.members(chosen.projects, "lever")
    if found.shared:
        rules += balance.shared_rule(found, fractional=False)
    for row in _rows(p, counts, _carried(chosen, found, p)):
        members = set(row.pop("members"))
        own = kt[[lever in members for lever in levers]]
        rows.append(row | {"declared": len(own), "kt_identified": own.sum() if len(own) else math.nan})
    whole = counts.loc[balance.TOTAL, ["label", "projects", *MONEY]].to_dict()
    whole |= {
        "lever": balance.TOTAL,
        "declared": len(known),
        "kt_identified": known.kt.sum() if len(known) else math.nan,
    }
    table = pd.DataFrame([*rows, whole | {"part_of": "", "note": "", "unit": "", "position": balance.TOTAL}])
    table["target_share"] = (100 * table.kt_identified / table.target).where(table.target > 0)
    table["status"] = table.kt_identified.notna().map({True: "derive", False: ""})
    columns = ["lever", "label", "unit", "target", "shown", "projects", "position", *MONEY, "declared", "kt_identified"]
    whole_numbers = dict.fromkeys(["projects", "cost_missing", "amount_missing", "declared"], "int64")
    table = table[[*columns, "target_share", "status", "part_of", "note"]].astype(whole_numbers | {"shown": "boolean"})
    left = int((quantified.reason != "").sum())
    if left:
        rules.append(f"{french.plural(left, 'quantité déclarée non convertie', 'quantités déclarées non converties')}.")
    table.attrs = {
        "territory": p.attrs["territory"],
        "version": p.attrs["version"],
        "n": len(chosen.projects),
        "categories": chosen.categories,
        "duplicates": chosen.duplicates,
        "invented": chosen.invented,
        "targets": panoramas.totals(p).total.to_dict(),
        "rules": rules,
    }
    return table


def quantities(
    projects: pd.DataFrame, territory: str | xr.Dataset = "reg-32", *, categories: Sequence[str] | str | None = None
) -> pd.DataFrame:
    """Les quantités physiques que les projets déclarent, et ce qu'elles valent en ktCO2e/an.

    Parameters
    ----------
    projects, territory, categories : comme ``crossing``.

    Returns
    -------
    DataFrame : project_id, lever, quantity et quantity_unit (déclarées), unit (du levier), converted [unité du
    levier], kt [ktCO2e/an, NaN si la quantité ne se convertit pas], note (changement d'unité, coefficient arrondi),
    reason (pourquoi elle ne se convertit pas, vide sinon).
    """
    p, chosen, rules = _inputs(projects, territory, categories)
    table = declared(chosen.projects, p)
    table.attrs = {"territory": p.attrs["territory"], "invented": chosen.invented, "rules": rules}
    return table


def _inputs(projects: pd.DataFrame, territory, categories) -> tuple[xr.Dataset, balance.Chosen, list[str]]:
    """The panorama, and the projects that lie in its territory."""
    p = panoramas.given(territory)
    code, chosen = p.attrs["territory"], balance.chosen_of(projects, "lever", categories)
    rules = [*chosen.rules, *RULES]
    if code != "fr":
        where = perimeters.placed(chosen.projects)
        at = where["region" if territories.level(code) == "region" else "departement"]
        elsewhere, blank = int(((at != code) & (at != "")).sum()), int((at == "").sum())
        if elsewhere:
            rules.append(f"{french.plural(elsewhere, 'dossier')} hors de {p.attrs['name']}, hors du compte.")
        if blank:
            rules.append(f"{french.plural(blank, 'dossier')} sans lieu connu, hors du compte.")
        chosen = balance.Chosen(
            chosen.projects[at == code], chosen.column, chosen.categories, chosen.duplicates, chosen.invented
        )
    return p, chosen, rules


# ------------------------------------------------------------------ levers of the panorama and of the projects


def carriers(p: xr.Dataset) -> dict[str, str]:
    """Lever or term of a project → lever of the panorama that carries its ktCO2e: itself, or one that it is part of.

    >>> found = carriers(panoramas.panorama("reg-32"))
    >>> found["haies"], found["velo"], found["industrie_diffuse"], found.get("egalim")
    ('haies', 'velo_transports_en_commun', 'production_industrielle', None)
    """
    return dict(_carriers(tuple(p.lever.values.tolist())))


@kept(maxsize=4)
def _carriers(here: tuple[str, ...]) -> dict[str, str]:
    ids = {parameters.levers()[lever].nomenclatures.simulateur: lever for lever in here}
    table = nomenclatures.crosswalk("simulateur")
    found = {row.lever: ids[row.id] for row in table.itertuples() if row.id in ids and row.lever}
    found |= {lever: lever for lever in here}
    terms = nomenclatures.terms()
    parts = terms[(terms.relation == "partie") & terms.lever.isin(list(found))]
    return found | {row.id: found[row.lever] for row in parts.itertuples()}


def _carried(chosen: balance.Chosen, found: membership.Members, p: xr.Dataset) -> pd.DataFrame:
    """What each lever counts: its own projects, and for one of the panorama those of its parts, each project once."""
    above = found.rows.assign(key=found.rows.key.map(carriers(p))).dropna()
    rows = pd.concat([found.rows, above]).drop_duplicates(ignore_index=True)
    order = list(dict.fromkeys([*found.order, *p.lever.values.tolist()]))
    names = dict(zip(p.lever.values.tolist(), p.label.values.tolist(), strict=True))
    wider = membership.Members(rows, order, names | found.labels)
    return balance.listed(chosen, wider, "lever").set_index("lever")[["projects", *MONEY]]


def _rows(p: xr.Dataset, counts: pd.DataFrame, sums: pd.DataFrame) -> list[dict]:
    """The levers of the COP, each after the lever of the panorama that it is part of, then the other terms."""
    carried, here = carriers(p), _targets(p)
    label_of = dict(zip(here, p.label.values.tolist(), strict=True)) | counts.label.to_dict()
    notes, positions, sums_of = counts.note.to_dict(), counts.position.to_dict(), sums.to_dict("index")
    named = counts.index.drop(balance.TOTAL)
    rows = []
    for lever in dict.fromkeys(one for own in named for one in (carried.get(own, own), own)):
        members = [one for one in counts.index if one == lever or (lever in here and carried.get(one) == lever)]
        part_of = carried.get(lever, lever)
        row = {"lever": lever, "label": label_of[lever], "members": members}
        row |= {"part_of": "" if part_of == lever else part_of} | here.get(lever, UNAIMED) | sums_of[lever]
        row["position"] = _position(row["projects"], positions.get(lever, ""))
        row["note"] = _note(row, lever, notes.get(lever, ""), label_of)
        rows.append(row)
    return rows


def _targets(p: xr.Dataset) -> dict[str, dict]:
    """Lever of the panorama → what is said of its target."""
    columns = (p[name].values.tolist() for name in ("lever", *UNAIMED))
    return {lever: dict(zip(UNAIMED, row, strict=True)) for lever, *row in zip(*columns, strict=True)}


def _position(projects: int, position: str) -> str:
    if projects:
        return "with"
    return "grouped" if position == "grouped" else "none"


def _note(row: dict, lever: str, own: str, label_of: dict[str, str]) -> str:
    said = [own]
    if row["part_of"]:
        said.append(f"Ses ktCO2e sont dans « {label_of[row['part_of']]} ».")
    elif len(row["members"]) > 1 or row["members"] not in ([], [lever]):
        said.append(f"Réunit {french.join(label_of[one] for one in row['members'] if one != lever)}.")
    elif math.isnan(row["target"]) and lever in nomenclatures.lever_labels() and lever != nomenclatures.OTHERS:
        said.append("Sans objectif en ktCO2e dans ce panorama.")
    if row["shown"] is False:
        said.append("Objectif non régionalisé.")
    return " ".join(filter(None, said))


# ------------------------------------------------------------------ declared quantities


def declared(projects: pd.DataFrame, p: xr.Dataset) -> pd.DataFrame:
    """Each declared quantity of projects or actions with its ktCO2e/an, or the reason why it has none."""
    carried, coarse = carriers(p), panoramas.coarse(p) if p.attrs["level"] != "france" else set()
    given = projects[projects.quantity.notna() | (projects.quantity_unit.fillna("") != "")]
    rows = []
    for project in given[["project_id", "lever", "quantity", "quantity_unit"]].to_dict("records"):
        found = _read_for_each(project, {lever: carried.get(lever, "") for lever in fields.ids(project["lever"])}, p)
        if not found["reason"] and carried[found["lever"]] in coarse:
            said = [found["note"], "Coefficient publié avec un seul chiffre significatif."]
            found["note"] = " ".join(filter(None, said))
        rows.append(project | found)
    columns = [*("project_id", "lever", "quantity", "quantity_unit", "unit", "converted", "kt", "note", "reason")]
    return pd.DataFrame(rows, columns=columns).astype({"quantity": float, "converted": float, "kt": float})


def _read_for_each(project: dict, carried: dict[str, str], p: xr.Dataset) -> dict:
    """A quantity read for the one lever of its project whose unit it has; for two of them, nobody can tell which."""
    found, names = {}, nomenclatures.lever_labels()
    for lever, carrier in carried.items() or [(project["lever"], "")]:
        one = p.sel(lever=carrier) if carrier else None
        found[lever] = {"lever": lever, "unit": str(one.unit.values) if carrier else ""} | _read(project, one)
    counted = {lever: one for lever, one in found.items() if not one["reason"]}
    if not counted:
        return max(found.values(), key=lambda one: bool(one["unit"])) | {"lever": project["lever"]}
    best = next(iter(counted.values()))
    if len({carried[lever] for lever in counted}) > 1:
        why = f"elle convient à {french.join(f'« {names[lever]} »' for lever in counted)}, sans dire lequel"
        return best | {"lever": project["lever"], "converted": math.nan, "kt": math.nan, "note": "", "reason": why}
    if len(found) > 1:
        best["note"] = " ".join(filter(None, [f"Comptée sous « {names[best['lever']]} ».", best["note"]]))
    return best


def _read(project: dict, one: xr.Dataset | None) -> dict:
    """One declared quantity in the unit of its lever, and in ktCO2e/an."""
    found = {"converted": math.nan, "kt": math.nan, "note": "", "reason": ""}
    unit, quantity, said = ("" if one is None else str(one.unit.values)), project["quantity"], project["quantity_unit"]
    if one is None:
        return found | {"reason": "levier sans objectif en ktCO2e dans ce panorama"}
    if not unit:
        return found | {"reason": "levier compté directement en ktCO2e, sans quantité physique"}
    if math.isnan(quantity):
        return found | {"reason": "unité sans quantité lisible"}
    if not bool(one.additive):
        return found | {"reason": f"moyenne d'un territoire ({units.label(unit)}) : elle ne s'additionne pas"}
    if not math.isfinite(float(one.quantity_per_kt)):
        return found | {"reason": "levier sans coefficient dans ce territoire"}
    if quantity < 0:
        return found | {"reason": "quantité négative : écrire en positif l'effet dans le sens du levier"}
    given = units.read(said)
    factor = units.factor(given, unit) if given else None
    if factor is None:
        asked = units.label(unit)
        return found | {
            "reason": f"unité « {said} » : le levier se compte en {asked}" if said else f"unité absente ({asked})"
        }
    model = physics.physics(str(one.lever.values), str(one.label.values), unit, float(one.quantity_per_kt))
    converted = quantity * factor
    kt = model.avoided_emissions(math.copysign(converted, model.quantity_per_kt), baseline=0.0)
    changed = "" if given == unit else f"Convertie : {units.label(given)} → {units.label(unit)}."
    return found | {"converted": converted, "kt": kt, "note": changed}

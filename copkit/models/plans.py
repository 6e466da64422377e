"""Plans in one shape, whatever they come from: the panorama, a scenario, ``data/clean/plans.csv`` or a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

import numpy as np
import pandas as pd
import xarray as xr

from copkit import french
from copkit.errors import DataError, LeverError, Problems, typed, unknown
from copkit.files import kept
from copkit.models import panorama as panoramas
from copkit.models import proposals
from copkit.models.conventions import SGPE_CONVENTION
from copkit.models.levers import FOREST
from copkit.reference import framework, parameters, tables, territories

LABELS = {"sgpe": "la proposition du SGPE", "sraddet": "le SRADDET", "pcaet": "le PCAET"}
COLUMNS = ["kt", "status", "source"]


@dataclass(eq=False, kw_only=True)
class Plan:
    """A plan without forest: ``rows`` by ``level`` (lever or sector) with kt [ktCO2e/an], status and source."""

    label: str
    level: str
    rows: pd.DataFrame
    convention: str
    printed: dict[str, float] = field(default_factory=dict)  # sector -> share as the source prints it [%]
    cautions: list[str] = field(default_factory=list)


def known(code: str) -> list[str]:
    """Les plans connus d'un territoire : « sgpe », et ceux que ``data/clean/plans.csv`` donne par secteur.

    >>> known("reg-32"), known("dep-59")
    (['sgpe', 'sraddet'], ['sgpe'])
    """
    return ["sgpe", *(name for name in _others().get(code, ()) if name != "sgpe")]


@kept(maxsize=1)
def _others() -> dict[str, list[str]]:
    """Territory → the plans that are known there by sector."""
    table, found = tables.read("plans.csv"), {}
    own = table[table.measure.isin(["difference", "target"])]
    for code, name in dict.fromkeys(zip(own.territory, own.plan, strict=True)):
        found.setdefault(code, []).append(name)
    return found


def label_of(name: str) -> str:
    """« SRADDET »: a plan without its article.

    >>> label_of("sraddet"), label_of("pacte")
    ('SRADDET', 'plan « pacte »')
    """
    return LABELS.get(name, f"le plan « {name} »").removeprefix("le ")


def sources(code: str) -> dict[str, list[str]]:
    """The sources of the other plans known for a territory, each with the plans that it gives.

    >>> sources("reg-32"), sources("reg-53")
    ({'feuille_de_route_hauts_de_france_2025': ['SRADDET']}, {})
    """
    if not (others := known(code)[1:]):
        return {}
    table, found = tables.read("plans.csv"), {}
    own = table[(table.territory == code) & table.plan.isin(others)]
    for source, name in dict.fromkeys(zip(own.source, own.plan, strict=True)):
        found.setdefault(source, []).append(label_of(name))
    return found


def named(code: str, name: str, version: str) -> Plan:
    """A plan from its name; refused with the plans known there."""
    here = known(code)
    if name not in here:
        table = tables.read("plans.csv")
        rows = table[(table.plan == name) & table.measure.isin(["difference", "target"])]
        elsewhere = [f"« {c} » ({territories.name(c)})" for c in dict.fromkeys(rows.territory)]
        where = f" Il est connu pour {french.join(elsewhere)}." if elsewhere else ""
        other = " Pour un autre, donner une table avec les colonnes lever (ou sector) et target_ktco2e."
        raise LeverError(
            f"{unknown(f'Plan inconnu pour {territories.name(code)} (« {code} ») : « {name} »', name, here)}{where}\n"
            f"Plans connus ici : {', '.join(here)}.{typed(other, '')}"
        )
    plan = from_dataset(panoramas.panorama(code, version=version)) if name == "sgpe" else _filed(code, name)
    rows = tables.read("plans.csv")
    rows = rows[(rows.plan == name) & (rows.territory == code) & (rows.measure == "share")]
    plan.printed = dict(zip(rows.sector, rows.value, strict=True))
    return plan


def _filed(code: str, name: str) -> Plan:
    """A plan of plans.csv: its targets, or the SGPE's targets of the named version plus the printed differences."""
    rows = tables.read("plans.csv")
    rows = rows[(rows.plan == name) & (rows.territory == code)]
    label, conventions = LABELS.get(name, f"le plan « {name} »"), list(dict.fromkeys(rows.convention))
    if len(conventions) > 1:
        raise DataError(
            f"data/clean/plans.csv : plan « {name} » de « {code} » : conventions {french.join(conventions)}.\n"
            "Écrire une seule convention par plan et par territoire."
        )
    own = rows[rows.measure == "target"].set_index("sector")
    found = own.rename(columns={"value": "kt"})[COLUMNS]
    gaps, cautions = rows[(rows.measure == "difference") & ~rows.sector.isin(own.index)], []
    for version, group in gaps.groupby("reference"):
        base = cut(from_dataset(panoramas.panorama(code, version=version)), "sector", None).kt
        derived = group.set_index("sector")
        derived = pd.DataFrame({"kt": base.reindex(derived.index) + derived.value, "source": derived.source})
        found = pd.concat([found, derived.assign(status="derive")[COLUMNS]])
        base_of = f"panorama du SGPE (version « {version} ») plus l'écart imprimé par la source"
        cautions.append(f"{french.capital(label)} est calculé : {base_of}.")
    return Plan(label=label, level="sector", rows=found, convention=conventions[0], cautions=cautions)


def from_dataset(p: xr.Dataset) -> Plan:
    """A panorama or a scenario, without the forest lever; what a scenario changes is an assumption."""
    columns, own = {"kt": "target", "status": "status", "source": "source"}, proposals.asked(p)
    index = pd.Index(p.lever.values, name="lever")
    rows = pd.DataFrame({c: own[name].values for c, name in columns.items()}, index).drop(index=FOREST, errors="ignore")
    label = p.attrs.get("label") or ("le scénario" if proposals.composed(p) else LABELS["sgpe"])
    return Plan(label=label, level="lever", rows=rows, convention=p.attrs.get("convention", SGPE_CONVENTION))


def from_frame(table: pd.DataFrame, rank: str) -> Plan:
    """A table with lever or sector, target_ktco2e and, if any, convention, status, source; all its faults at once."""
    where, problems = f"Table du {rank}", Problems()
    level = next((c for c in ("lever", "sector") if c in getattr(table, "columns", ())), None)
    if level is None or "target_ktco2e" not in table:
        raise DataError(
            f"{where} : colonnes attendues : lever (ou sector) et target_ktco2e.\n"
            "Donner un nom de plan (« sgpe »), un scénario, ou une table avec ces colonnes."
        )
    ids = list(parameters.levers()) if level == "lever" else list(get_args(parameters.Sector))
    kt = pd.to_numeric(table.target_ktco2e, errors="coerce")
    for n, (row, given, value) in enumerate(zip(table[level], table.target_ktco2e, kt, strict=True), start=1):
        if row not in ids:
            problems.add(where, unknown(f"ligne {n}, colonne {level} : « {row} » inconnu", row, ids))
        if (np.isnan(value) and not pd.isna(given)) or np.isinf(value):
            problems.add(where, f"ligne {n}, colonne target_ktco2e : nombre attendu, trouvé « {given} ».")
    for row in dict.fromkeys(table.loc[table[level].duplicated(), level]):
        problems.add(where, f"« {row} » est écrit plusieurs fois. N'en garder qu'une ligne.")
    blank = table["convention"].replace("", np.nan).dropna() if "convention" in table else pd.Series(dtype=object)
    conventions = list(dict.fromkeys(blank)) or ["non_precisee"]
    for given in conventions:
        if given not in tables.CONVENTIONS:
            wrong = unknown(f"convention « {given} » inconnue", given, tables.CONVENTIONS, "Conventions")
            problems.add(where, wrong)
    if len(conventions) > 1:
        problems.add(where, f"conventions {french.join(map(str, conventions))} : en garder une seule par plan.")
    problems.raise_if_any(DataError)
    rows = pd.DataFrame({"kt": kt.to_numpy(float)}, index=pd.Index(table[level], name=level))
    for column, default in (("status", "hypothese"), ("source", "")):
        rows[column] = table[column].to_list() if column in table else default
    label = table.attrs.get("plan") or f"le {rank}"
    return Plan(label=label, level=level, rows=rows.drop(index=FOREST, errors="ignore"), convention=conventions[0])


def cut(plan: Plan, by: str, expected: list[str] | None) -> pd.DataFrame:
    """The plan by lever, sector or chantier; a group that lacks one of the ``expected`` levers is unknown."""
    if plan.level == by:
        return plan.rows
    rows = plan.rows.reindex(list(dict.fromkeys([*(expected or []), *plan.rows.index])))
    levers = parameters.levers()
    group = [levers[lever].sector if by == "sector" else levers[lever].thematique for lever in rows.index]
    groups = rows.groupby(group, sort=False)
    kt = groups.kt.agg(lambda values: values.sum(skipna=False))
    source = groups.source.agg(lambda values: ", ".join(dict.fromkeys(v for v in values if isinstance(v, str) and v)))
    status = groups.status.agg(lambda values: "hypothese" if "hypothese" in set(values) else "derive")
    return pd.DataFrame({"kt": kt, "status": status, "source": source})


def mentions(code: str) -> list[str]:
    """Figures that the sources cite for a sector and that are not the plan: other perimeters, not to be subtracted."""
    table = tables.read("plans.csv")
    table = table[(table.measure == "mention") & table.territory.isin([code, "fr"])]
    if code not in set(table.territory):
        return []
    out = []
    for sector, rows in table.groupby("sector", sort=False):
        said = [f"{row.note} : {french.number(row.value, 0)} {row.unit}" for row in rows.itertuples()]
        text = " ; ".join(said)
        out.append(f"{framework.labels('secteurs')[sector]} : autres périmètres, à ne pas soustraire ({text}).")
    return out

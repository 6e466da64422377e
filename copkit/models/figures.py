"""Every figure of the panoramas in one tidy table: a row for each territory and each of its levers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from copkit import DATA_VERSION
from copkit.files import kept
from copkit.models import provenance, published
from copkit.reference import framework, parameters, territories, units

KEY = ("territory", "lever", "version")


@dataclass(frozen=True)
class Column:
    """``kind``: string, number or boolean; ``unit``: of its values, or the column that gives it."""

    kind: str
    said: str
    unit: str = ""


COLUMNS = {
    "territory": Column("string", "Code du territoire : « fr », « reg- » ou « dep- » suivi du code INSEE"),
    "name": Column("string", "Nom du territoire"),
    "level": Column("string", "Niveau du territoire : france, region ou departement"),
    "region": Column("string", "Code de la région du territoire ; vide pour la France"),
    "lever": Column("string", "Identifiant du levier"),
    "label": Column("string", "Nom du levier"),
    "sector": Column("string", "Identifiant du secteur d'émission"),
    "sector_label": Column("string", "Nom du secteur d'émission"),
    "thematique": Column("string", "Identifiant de la thématique"),
    "thematique_label": Column("string", "Nom de la thématique"),
    "target_ktco2e": Column("number", "Émissions évitées en 2030 par rapport à 2019 ; positif : évitées", "ktCO2e/an"),
    "low_ktco2e": Column("number", "Bas de la fourchette à 80 % ; vide quand aucune n'est connue", "ktCO2e/an"),
    "high_ktco2e": Column("number", "Haut de la fourchette à 80 % ; vide quand aucune n'est connue", "ktCO2e/an"),
    "shown": Column("boolean", "Le SGPE affiche l'objectif ; sinon les documents écrivent « non affiché »"),
    "baseline": Column("number", "Point de départ en 2019 ; vide quand il n'est pas publié", "unit"),
    "quantity_2030": Column("number", "Quantité en 2030 ; depuis 2019 quand le point de départ est vide", "unit"),
    "unit": Column("string", "Unité de la quantité ; vide quand le levier n'en a pas"),
    "unit_label": Column("string", "Unité de la quantité, en toutes lettres"),
    "unit_abatement": Column("number", "Émissions évitées par unité de quantité ; vide quand elles sont sans limite",
                             "ktCO2e/an par unit"),
    "status": Column("string", "publie (par la source), derive (calculé par copkit) ou hypothese"),
    "key": Column("string", "Clé qui répartit la valeur de la région entre ses départements"),
    "key_grade": Column("string", "Note de la clé : effort placé ailleurs, A 3 % au plus, B 10 %, C davantage"),
    "key_reason": Column("string", "Pourquoi cette clé"),
    "source": Column("string", "Clé de la source, dans parameters/sources.yml"),
    "reference": Column("string", "Plan : sgpe, proposition indicative du SGPE"),
    "version": Column("string", "Version des données du panorama"),
}  # fmt: skip


@kept(maxsize=2)
def figures(codes: tuple[str, ...] | None = None, version: str = DATA_VERSION) -> pd.DataFrame:
    """Some territories, the smaller ones last; by default France, the régions and the départements.

    ``COLUMNS``, to full precision. Unknown is NaN, or an empty text. The values are those of ``ck.panorama``, without
    making 120 of them. Rows are put together before they are a table, which takes more time than to find them.
    """
    known = ["fr", *territories.territories().code]
    if codes is not None:
        smaller = [code for code in codes if territories.is_fine(code) and territories.exists(code)]
        known = [*(code for code in known if code in codes), *smaller]
    parts = [_of(code, version) for code in known]
    return pd.DataFrame({name: [cell for part in parts for cell in part[name]] for name in COLUMNS})


def _of(code: str, version: str) -> dict[str, Iterable]:
    """The columns of one territory."""
    found, known = published.columns(code, version), parameters.levers()
    levers = [known[lever] for lever in found["lever"]]
    sectors, thematiques = framework.labels("secteurs"), framework.labels("thematiques")
    unit = [lever.quantity.unit if lever.quantity else "" for lever in levers]
    with np.errstate(divide="ignore"):
        abatement = 1 / found["quantity_per_kt"].astype(float)
    unknown = np.full(len(levers), np.nan)
    table = {
        "territory": code,
        "name": territories.name(code),
        "level": territories.level(code),
        "region": "" if code == "fr" else territories.region_of(code),
        "lever": found["lever"],
        "label": [lever.label for lever in levers],
        "sector": [lever.sector for lever in levers],
        "sector_label": [sectors[lever.sector] for lever in levers],
        "thematique": [lever.thematique for lever in levers],
        "thematique_label": [thematiques[lever.thematique] for lever in levers],
        "target_ktco2e": found["target"].astype(float),
        "low_ktco2e": found.get("low", unknown),
        "high_ktco2e": found.get("high", unknown),
        "shown": found["shown"].astype(bool),
        "baseline": found["baseline"].astype(float),
        "quantity_2030": found["quantity"].astype(float),
        "unit": unit,
        "unit_label": [units.label(one) if one else "" for one in unit],
        "unit_abatement": np.where(np.isfinite(abatement), abatement, np.nan),
        "status": found["status"],
        "key": found["key"],
        "key_grade": found["grade"],
        "key_reason": found["reason"],
        "source": found["source"],
        "reference": "sgpe",
        "version": version,
    }
    return {name: [cells] * len(levers) if isinstance(cells, str) else cells for name, cells in table.items()}


def sources(table: pd.DataFrame) -> list[str]:
    """The keys of ``sources.yml`` that the table rests on, those of its figures first."""
    used = list(table.source.unique())
    if (table.key_grade != "").any():
        used += ["sgpe_simulateur_a_propos", *(source for _, source in provenance.allocated())]
    return list(dict.fromkeys([*used, "insee_cog_2026"]))

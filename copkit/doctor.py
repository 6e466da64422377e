"""What « copkit doctor » checks: the installation, the parameters, the data, and that they fit together."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from copkit import paths
from copkit.errors import CopkitError, Problems, UnitError, unknown

SCALES = {  # unit of an observed series → base units of units.txt
    "nb": 1,
    "milliers": 1e3,
    "TWh": 1e12,
    "kg/hab": 1e3,
    "kt": 1e9,
    "kha": 1e3,
    "kg/MWh": 1e-3,
}


@dataclass
class Check:
    """One line of the doctor's answer."""

    label: str
    details: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True when nothing is to be mended."""
        return not self.details


def diagnose() -> list[Check]:
    """Every check, in order; one that cannot run because of an earlier damage says so."""
    checks: list[tuple[str, Callable[[], list[str]]]] = [
        ("Installation : Python, bibliothèques et noyau Jupyter", installation),
        ("Paramètres : leviers, sources, unités, clés, passages", parameters),
        ("Données de référence : colonnes, nombres, doublons", data),
        ("Unités : chaque levier donne des ktCO2e/an", unit_algebra),
        ("Leviers : 43, enjeux 34 / 21 / 27 / 11 / 20, passages complets", nomenclatures),
        ("Répartition : la somme des départements est la région", downscaling_sums),
    ]
    return [_checked(label, check) for label, check in checks]


def _checked(label: str, check: Callable[[], list[str]]) -> Check:
    try:
        return Check(label, check())
    except CopkitError as error:
        return Check(label, str(error).split("\n\n"))


def installation() -> list[str]:
    """Python, the declared dependencies and their least versions, the « python3 » kernel."""
    found = [] if sys.version_info >= (3, 11) else [f"Python {sys.version.split()[0]} : il faut Python 3.11 ou plus."]
    for line in importlib.metadata.requires("copkit") or []:
        if "extra ==" in line:
            continue
        name, least = re.match(r"([A-Za-z0-9._-]+)(?:.*?>=\s*([\d.]+))?", line).groups()
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found.append(f"bibliothèque absente : {name}. Relancer l'installation (make diagnostics, ou uv sync).")
            continue
        if least and _numbers(version) < _numbers(least):
            found.append(f"{name} {version} : il faut {least} ou plus. Relancer l'installation.")
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel:
        found.append("noyau Jupyter « python3 » absent. Installer ipykernel.")
    return found


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", version)[:3])


def parameters() -> list[str]:
    """Every file of ``parameters/`` that code reads."""
    from copkit.adaptation.climate import climate
    from copkit.adaptation.priorities import PRIORITIES
    from copkit.intake import labels, mapping, personal, plausible
    from copkit.models import (
        assumptions,
        audition,
        biodiversity,
        consistency,
        downscaling,
        groups,
        indicators,
        messages,
        nomenclatures,
    )
    from copkit.projects import reconciliation
    from copkit.projects.fields import PROJECTS
    from copkit.projects.sorting import rules, sort
    from copkit.reference import framework, glossary
    from copkit.reference import parameters as files
    from copkit.refresh.settings import settings
    from copkit.roadmap import carried, contracts, jobs, plan_template, sites, themes
    from copkit.roadmap.actions import ACTIONS
    from copkit.roadmap.exits import rules as exit_rules
    from copkit.strengths import STRENGTHS
    from copkit.survey import questionnaire
    from copkit.survey.fields import ANSWERS
    from copkit.survey.selection import BESIDE

    files.levers()
    framework.items("objectifs")
    glossary.words()
    downscaling.keys()
    audition.sites()
    indicators.indicators()
    biodiversity.rows()
    nomenclatures.crosswalk()
    groups.groups()
    assumptions.read()
    consistency.lines()
    messages.rules()
    rules.rules()
    questionnaire.actions()
    plan_template.template()
    reconciliation.rules()
    themes.rules()
    exit_rules()
    sites.rules()
    settings()
    climate()
    contracts.context()
    collected = (PROJECTS, STRENGTHS, ANSWERS, ACTIONS, PRIORITIES)
    labels.check_synonyms(*collected)
    plausible.check(*collected)
    every = (*collected, themes.KEPT, carried.CARRIED, contracts.CONTRACTS, jobs.JOBS)
    known = {kind.name: [*kind.fields] for kind in every}
    known["projets"] += sort.COLUMNS
    known["reponses"] += BESIDE
    personal.check(known)
    for kind in every:
        for name in mapping.names(kind):
            mapping.load(name, kind)
    return []


def reference() -> None:
    """Read everything that a document rests on, so that a damaged file stops a batch before it starts.

    Raises
    ------
    CopkitError
        If a file is damaged.
    """
    from copkit.models import panorama

    parameters()
    panorama.panorama("fr")


def data() -> list[str]:
    """Every table of ``data/clean/`` against its schema."""
    from copkit.reference import tables
    from copkit.refresh import update

    problems = Problems()
    for name in tables.TABLES:
        tables.check(paths.clean_data(name), name, problems)
    if problems:
        return str(problems).split("\n\n")
    own = update.outdated()
    units = [f"parameters/refresh.yml : {said}" for said in update.disagreements()]
    return [*([own] if own else []), *units, *stray_codes()]


def stray_codes() -> list[str]:
    """Codes that a table names and that ``territories.csv`` does not hold."""
    from copkit.reference import tables

    known, found = list(tables.read("territories.csv").code), []
    for name in (
        "territories.csv",
        "communes.parquet",
        "panorama.csv",
        "observed.parquet",
        "allocation.csv",
        "plans.csv",
    ):
        column = "territory" if name not in ("territories.csv", "communes.parquet") else "region"
        cells = tables.read(name)[column]
        for code in sorted(set(cells.to_list()) - set(known) - {""}):
            line = cells.index[cells == code][0] + 2
            said = f"data/clean/{name} : ligne {line}, colonne {column} : territoire inconnu « {code} »"
            found.append(unknown(said, code, known))
    return found


def unit_algebra() -> list[str]:
    """unit_abatement x quantity is in ktCO2e/an for each lever (pint)."""
    from copkit.reference import parameters as files
    from copkit.reference import units

    found = []
    for lever in files.levers().values():
        if lever.quantity and lever.unit_abatement:
            try:
                units.check_product(lever.unit_abatement.unit, lever.quantity.unit)
            except UnitError as error:
                found.append(f"parameters/leviers/{lever.id}.yml : unit_abatement.unit : {error}.")
    return found or scales()


def scales() -> list[str]:
    """The unit of a lever has the size of that of the series observed for it, but for the factor that is written."""
    from copkit.models import indicators
    from copkit.reference import parameters as files
    from copkit.reference import units

    found = []
    for one in indicators.indicators().itertuples():
        lever = files.levers().get(one.lever)
        if lever is None or lever.quantity is None or one.convertible != one.convertible or one.unit not in SCALES:
            continue
        right = SCALES[one.unit] / units.scale(lever.quantity.unit)
        if abs(one.convertible / right - 1) > 1e-9:
            said = f"parameters/indicators.csv : {one.indicator} : de « {one.unit} » à « {lever.quantity.unit} »"
            found.append(
                f"{said} ({lever.id}.yml), le facteur est {right:g} et « convertible » dit {one.convertible:g}. "
                "Corriger l'unité du levier, ou le facteur."
            )
    return found


def nomenclatures() -> list[str]:
    """43 levers, the column sums of the matrix, and a crosswalk that is complete both ways."""
    from copkit.models import nomenclatures

    cop, found = nomenclatures.levers("cop"), []
    for enjeu, expected in zip(
        ("climat", "biodiversite", "ressources", "adaptation", "sante"), (34, 21, 27, 11, 20), strict=True
    ):
        count = sum(enjeu in cell for cell in cop.enjeux)
        if count != expected:
            found.append(f"parameters/leviers : {count} leviers servent l'enjeu « {enjeu} » au lieu de {expected}.")
    return found + crosswalk_gaps()


def crosswalk_gaps() -> list[str]:
    """Levers that a nomenclature loses: each of the 43 is reached, each term of the simulator and of the 47 stands."""
    from copkit.models import nomenclatures

    table, found, name = nomenclatures.crosswalk(), [], "parameters/crosswalk.csv"
    cop = set(nomenclatures.levers("cop").lever)
    for other in sorted(set(table.lever) - cop - {""}):
        found.append(f"{name} : « {other} » n'est pas un des 43 leviers.")
    for nomenclature in ("simulateur", "rationale", "schema_projet"):
        for lost in sorted(cop - set(table[table.nomenclature == nomenclature].lever)):
            found.append(f"{name} : levier « {lost} » absent de la nomenclature « {nomenclature} ».")
    for nomenclature in ("simulateur", "simulateur_outre_mer"):
        for lost in sorted(
            set(nomenclatures.levers(nomenclature).simulateur_id) - set(table[table.nomenclature == nomenclature].id)
        ):
            found.append(f"{name} : identifiant « {lost} » absent de la nomenclature « {nomenclature} ».")
    return found


def downscaling_sums() -> list[str]:
    """For every région and lever, the départements sum to the région, or none has a value."""
    import numpy as np

    from copkit.models.panorama import panorama
    from copkit.reference import territories

    found = []
    for region in territories.territories("region").code:
        whole = panorama(region).target
        parts = [panorama(code).target for code in territories.departements_of(region)]
        if not parts:
            found.append(f"data/clean/territories.csv : aucun département dans « {region} ». Rétablir ses lignes.")
            continue
        summed = sum(part.values for part in parts)
        for lever, expected, got in zip(whole.lever.values, whole.values, summed, strict=True):
            unknown = all(np.isnan(float(part.sel(lever=lever))) for part in parts)
            if not unknown and not abs(got - expected) <= 1e-9 * abs(expected):
                found.append(f"{region}, {lever} : {got} au lieu de {expected} ktCO2e/an.")
    return found

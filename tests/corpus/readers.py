"""Everything that reads what somebody sends, and for each a small sound file to damage."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from copkit import files, journal, local, paths, projects, strengths, survey
from copkit.adaptation import priorities
from copkit.errors import ParameterError, Problems, ProjectError
from copkit.intake import directory, mapping, official, perimeters
from copkit.intake.workbook.form import KEPT
from copkit.models import assumptions, scenario_file
from copkit.projects.fields import PROJECTS
from copkit.projects.sorting import decisions, rules
from copkit.reference import parameters, territories
from copkit.refresh import update
from copkit.refresh.settings import settings
from copkit.roadmap import actions, carried, contracts, jobs, themes
from copkit.survey import density, family

from . import archives, texts

API = "demarches_simplifiees"
ROWS = 6  # of an example that are kept


@dataclass(frozen=True)
class Reader:
    """``sound``: what a sound file of a suffix holds; ``told``: the problems that a reading tells without refusing."""

    name: str
    read: Callable[[Path], object]
    sound: dict[str, Callable[[], bytes]]
    main: bool = False  # each damage is tried on it; on the others, in turn


def example(name: str) -> list[list[str]]:
    text = paths.home().joinpath("data", "examples", f"{name}.csv").read_text(encoding="utf-8-sig")
    mark = max(";,", key=text.splitlines()[0].count)
    return list(csv.reader(text.splitlines(), delimiter=mark))[:ROWS]


def table(rows: Callable[[], list[list[str]]], *suffixes: str) -> dict[str, Callable[[], bytes]]:
    makers = {".csv": texts.table_of, ".xlsx": archives.book}
    return {suffix: cache(lambda make=makers[suffix]: make(rows())) for suffix in suffixes or makers}


def written(write: Callable[[Path], object]) -> dict[str, Callable[[], bytes]]:
    """A workbook that the kit makes."""

    @cache
    def made() -> bytes:
        with TemporaryDirectory() as folder:
            path = Path(folder, "classeur.xlsx")
            write(path)
            return path.read_bytes()

    return {".xlsx": made}


def kit(*names: str) -> Callable[[], bytes]:
    return cache(lambda: paths.home().joinpath(*names).read_bytes())


@cache
def few_projects():
    with TemporaryDirectory() as folder:
        path = Path(folder, "dossiers.csv")
        path.write_bytes(texts.table_of(example("vivier_extrait")))
        return projects.read(path)


DOSSIERS = [
    {
        "number": 12,
        "state": "accepte",
        "dateDepot": "2024-05-01",
        "demandeur": {"siret": "21590350100017", "entreprise": {"siren": "215903501", "raisonSociale": "Commune"}},
        "champs": [
            {"id": "a", "label": "Intitulé du projet", "stringValue": "Haies"},
            {"id": "b", "label": "Coût total", "decimalNumber": 1200.5},
            {"id": "c", "label": "Commune", "stringValue": "Lille", "commune": {"name": "Lille", "code": "59350"}},
            {"id": "d", "label": "Lots", "rows": [{"champs": [{"id": "e", "label": "Montant", "integerNumber": "3"}]}]},
        ],
    },
    {"number": 13, "champs": [{"id": "a", "label": "Intitulé du projet", "stringValue": "Vélo", "values": ["x", "y"]}]},
]


def answer() -> bytes:
    page = {"pageInfo": {"hasNextPage": False}, "nodes": DOSSIERS}
    return json.dumps({"data": {"demarche": {"dossiers": page}}}, ensure_ascii=False).encode()


def of_the_hub() -> bytes:
    one = settings().indicators["826"]
    cube = one.measure.partition(".")[0]
    line = {f"{cube}.geocode_region": "32", f"{cube}.libelle_region": "Hauts-de-France", one.measure: 2.5}
    line |= {f"{cube}.date_mesure.year": "2024-01-01T00:00:00.000"} | (
        {f"{cube}.{one.split}": one.keep} if one.split else {}
    )
    found = {"cubeName": cube, "measureName": one.measure, "timeDimension": f"{cube}.date_mesure", "data": [line]}
    return json.dumps(found | {"measureMeta": {"unite": one.declared}}).encode()


def of_the_barometer() -> list[list[str]]:
    made = [
        [key, key, one.declared, one.perimeter, "", str((one.largest or (1,))[0])]
        for key, one in settings().series.items()
    ]
    return [["ID", "Indicateur", "Unité", "Périmètre", "2023", "2024"], *made]


def named(name: str, reader: Callable[[Path], object]) -> Callable[[Path], object]:
    """Reading a file under the name that it must have, alone in its folder."""

    def read(path: Path) -> object:
        with TemporaryDirectory() as folder:
            where = Path(folder, name)
            where.write_bytes(files.read_bytes(path))
            return reader(where)

    return read


def folder_of(path: Path) -> object:
    """The folder of official files where a file is."""
    return update.from_folder(path.parent)


def lever(path: Path) -> object:
    """A file of a lever, read as those of the kit."""
    problems = Problems()
    found = parameters.read_lever(path, parameters.sources(), problems)
    problems.raise_if_any(ParameterError)
    return found


def told(merged: object) -> object:
    """What comes back: a workbook that cannot be read is told, and never stops the others."""
    if any("Traceback" in str(one) for one in merged.problems):
        raise AssertionError(merged.problems)
    return merged


def scenario(path: Path) -> object:
    return scenario_file.from_json(files.read_text(path, ProjectError))


def local_figures() -> bytes:
    """A workbook of local figures that is filled in."""
    inside = [territories.name(code) for code in territories.departements_of("reg-32")]
    rows = [["", "Gestion des haies", name, "", "12", "km", "2023", "DREAL", "haies", ""] for name in inside]
    head = ["Ligne (ne pas remplir)", *(f"{one.label} (à remplir)" for one in local.FIELDS.values()), KEPT.label]
    return archives.book([head, *rows], local.SHEET)


IGT = [
    ["INSEE commune", "Commune", "Agriculture", "Routier"],
    ["59350", "Lille", "1.5", "2.5"],
    ["59009", "V", "2", ""],
]
DWELLINGS = [["CODGEO", "P22_RP", "P22_RP_CGAZV", "P22_RP_CFIOUL"], ["59350", "100", "40", "3.5"]]
FLEET = [["COMMUNE_CODE", "COMMUNE_LIBELLE", "PARC_2022", "PARC_2023"], ["59350", "Lille", "100", "101"]]
CRTE = [["insee_reg", "id_crte", "lib_crte", "siren_groupement"], ["32", "crte-1", "Crte inventé", "200093201"]]
BODIES = {"dreal": "DREAL", "ademe": "ADEME"}

READERS = [
    Reader("dossiers", projects.read, table(partial(example, "vivier_extrait")), main=True),
    Reader("dossiers (API)", partial(projects.read, mapping=API), {".json": cache(answer)}, main=True),
    Reader("réponses", survey.read, table(partial(example, "reponses_hauts_de_france"))),
    Reader("actions", actions.read_actions, table(partial(example, "actions_hauts_de_france"))),
    Reader("priorités", priorities.read, table(partial(example, "priorites_adaptation"))),
    Reader("points forts", strengths.read, table(partial(example, "points_forts"))),
    Reader("thèmes retenus", themes.read_retained, table(partial(example, "themes_hauts_de_france"))),
    Reader("contrats", contracts.read_contracts, table(partial(example, "contrats_de_ville_hauts_de_france"))),
    Reader("sujets reportés", carried.read_carried, table(partial(example, "sujets_hauts_de_france"))),
    Reader("emplois", jobs.read_jobs, written(lambda path: jobs.write_jobs_template(path, "reg-32"))),
    Reader("journal", journal.read, table(partial(example, "journal_hauts_de_france"), ".csv")),
    Reader(
        "décisions",
        lambda path: decisions.read(path, few_projects()),
        table(
            lambda: [
                ["dossier", "catégorie", "auteur", "date", "raison"],
                ["21000000", "crte", "DREAL", "2025-01-10", "x"],
            ],
            ".csv",
        ),
    ),
    Reader(
        "choix de familles", family.read_choices, table(lambda: [list(family.CHOICES), ["haies", "A", "DREAL", "x"]])
    ),
    Reader(
        "grille de densité",
        density.read_grid,
        table(lambda: [["CODGEO", "DENS"], *([code, "6"] for code in ("59350", "59009", "02691", "60057", "62041"))]),
    ),
    Reader(
        "annuaire",
        lambda path: directory.read(path, BODIES),
        table(lambda: [["courriel", "organisme"], ["@dreal.exemple.fr", "DREAL"]]),
    ),
    Reader(
        "périmètres",
        perimeters.read_perimeters,
        table(partial(example, "perimetres"))
        | {".yml": lambda: b"Nom du CRTE: [com-59350, com-59009]\nAutre:\n  - com-02691\n"},
    ),
    Reader("chiffres locaux", local.read, {".xlsx": cache(local_figures)}, main=True),
    Reader(
        "points forts rendus",
        lambda path: told(strengths.read_returns(path)),
        written(lambda path: strengths.write_template(path, "reg-32")),
    ),
    Reader("logements (Insee)", official.dwellings, table(lambda: DWELLINGS, ".csv")),
    Reader("gaz à effet de serre (ADEME)", official.igt, table(lambda: IGT, ".csv")),
    Reader("voitures (SDES)", official.fleet, table(lambda: FLEET, ".csv")),
    Reader("CRTE (ANCT)", official.crte, table(lambda: CRTE, ".csv")),
    Reader("baromètre", named("barometre.csv", folder_of), table(of_the_barometer, ".csv")),
    Reader("hub d'indicateurs", named("826.json", folder_of), {".json": cache(of_the_hub)}, main=True),
    Reader("scénario", scenario, {".json": kit("data", "examples", "objectifs_hauts_de_france.json")}, main=True),
    Reader("levier", named("haies.yml", lever), {".yml": kit("parameters", "leviers", "haies.yml")}, main=True),
    Reader(
        "correspondance",
        lambda path: mapping.load(path, PROJECTS),
        {".yml": lambda: b"label: Essai\nheader_row: 1\nfields:\n  title: Titre\n  cost: [Montant]\nmissing: [nd]\n"},
    ),
    Reader("hypothèses", assumptions.read, {".yml": kit("parameters", "uncertainty.yml")}),
    Reader("règles de tri", rules.fingerprint, {".yml": kit("parameters", "triage.yml")}),
]

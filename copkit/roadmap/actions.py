"""The action sheets of a COP: the fourteen fields of a sheet, and what ties it to its lever, its theme, its dossiers.

What is collected is declared here (fields, and the workbook that is filled in); reading, writing and merging are
those of the intake. A field that a project has too has its name: what sorts and counts projects counts actions.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import pandas as pd

from copkit import french
from copkit.errors import ProjectError, typed
from copkit.intake import reading
from copkit.intake.fields import LEVERS, ORIGIN, PLACED, SEPARATOR, YES, Collected, Field, counted
from copkit.intake.workbook.blank import Blank
from copkit.intake.workbook.form import BODIES, SEND, Block, Column, Noun
from copkit.intake.workbook.merge import Merged
from copkit.projects.fields import FIELDS as PROJECT
from copkit.projects.fields import taken as projects_taken
from copkit.reference import parameters, units
from copkit.roadmap.plan_template import unfolded

STATES = {  # a year later
    "non_commencee": "pas commencée",
    "en_cours": "en cours",
    "faite": "faite",
    "en_retard": "en retard",
    "abandonnee": "abandonnée",
}
VEHICLES = {"crte": "CRTE", "crst": "CRST"}  # the contracts that carry an action
FIELDS: dict[str, Field] = {
    "action_id": Field("Action", "id"),
    "title": PROJECT["title"],
    "description": PROJECT["description"],
    "territory": Field("Territoire", "territory"),
    **LEVERS,
    "theme": PROJECT["theme"],
    "holder": Field("Collectivité porteuse", "name"),
    "owner_known": PROJECT["owner_known"],
    "partners": PROJECT["partners"],
    "dimension": PROJECT["dimension"],
    "maturity": PROJECT["maturity"],
    "cost": PROJECT["cost"],
    "schedule": PROJECT["schedule"],
    "funding": Field("Sources de financement"),
    "funding_granted": Field("Financement accordé", "yes_no"),
    "engineering": Field("Besoins d’ingénierie"),
    "engineering_granted": Field("Ingénierie accordée", "yes_no"),
    "other_needs": Field("Autres besoins"),
    "obstacles": replace(PROJECT["obstacles"], label="Verrous à lever"),  # what hampers, on the ground
    "next_steps": Field("Plan de travail à un an"),
    "next_steps_months": PROJECT["next_steps_months"],
    "indicators": Field("Indicateurs de suivi"),
    "quantity": PROJECT["quantity"],
    "quantity_unit": PROJECT["quantity_unit"],
    "impact": PROJECT["impact"],
    "replicable": PROJECT["replicable"],
    "contrary": PROJECT["contrary"],
    "contrary_reason": PROJECT["contrary_reason"],
    "vehicle": replace(PROJECT["vehicle"], choices=VEHICLES),
    "dossiers": Field("Dossiers du vivier", "name"),  # their numbers
    "expected": Field("Attendu dans un an"),
    "progress": Field("Où elle en est", "choice", choices=STATES),
    **PLACED,
    **ORIGIN,
}
SHEET = {  # the fourteen fields of a sheet: what fills each; the first part is enough
    "Intitulé": ("title",),
    "Description": ("description",),
    "Levier": ("lever",),
    "Thème prioritaire": ("theme",),
    "Collectivité porteuse": ("holder",),
    "Parties prenantes": ("partners",),
    "Maturité": ("maturity",),
    "Coût": ("cost",),
    "Calendrier": ("schedule",),
    "Financement": ("funding", "funding_granted"),
    "Ingénierie": ("engineering", "engineering_granted"),
    "Autres besoins": ("other_needs",),
    "Plan de travail à un an": ("next_steps", "next_steps_months"),
    "Indicateurs de suivi": ("indicators",),
}
IDENTITY = ("territory", "lever", "title")
PRIVATE = (
    "partners",
    "description",
    "obstacles",
    "schedule",
    "next_steps",
    "contrary_reason",
)  # of a dossier: its words stay there
ACTIONS = Collected("actions", ("fiche action", "fiches action"), FIELDS, ("title",), IDENTITY, unfolded)
WIDTHS = {  # of the columns to fill in
    "territory": 26, "lever": 32, "title": 36, "description": 50, "theme": 24, "holder": 26, "owner_known": 12,
    "partners": 30, "dimension": 22, "maturity": 18, "quantity": 12, "quantity_unit": 18, "impact": 12,
    "replicable": 12, "contrary": 12, "contrary_reason": 26, "cost": 14, "schedule": 24, "funding": 28,
    "funding_granted": 12, "engineering": 28, "engineering_granted": 12, "other_needs": 24, "obstacles": 28,
    "next_steps": 36, "next_steps_months": 12, "indicators": 28, "expected": 28, "progress": 16, "vehicle": 10,
    "dossiers": 18,
}  # fmt: skip


def _units() -> dict[str, Block]:
    """The unit in which the quantity of each lever is written."""
    known = parameters.levers()
    rows = [(one.label, units.label(one.quantity.unit)) for one in known.values() if one.quantity]
    return {"units": [("Levier, quantité", "Unité"), *rows]}


WORKBOOK = Blank(
    kind=ACTIONS,
    noun=Noun("action", "actions", "d'action", "de l'action", "e"),
    sheet="Actions",
    key=Column("action_id", Field("Action (ne pas remplir)"), 12),
    widths=WIDTHS,
    title="Fiches action",
    do=(
        "Dans la feuille « Actions », écrire une ligne par action.",
        "Choisir le territoire, le levier, la maturité et la dimension nouvelle dans leurs listes.",
        "La quantité est ce que l'action ajoute ou épargne, dans l'unité de son levier (feuille « Référence ») : elle "
        "se traduit en ktCO2e/an et en part de l'objectif du levier.",
        "Dire le prochain pas et dans combien de mois : au-delà d'un an, l'action est listée à part.",
        SEND,
    ),
    know=(
        "Une action est retenue si elle remplit les trois critères : cohérence, potentiel, avancement. Une action qui "
        "n'en remplit pas un est listée à part, avec la raison ; rien n'est perdu.",
        "Ce qui n'est pas dit n'est pas un non : la fiche dit ce qui reste à préciser.",
        BODIES,
        "Si deux copies disent la même action autrement, les deux réponses sont montrées et rien n'est choisi.",
    ),
    reference=_units,
    returns="ck.roadmap.read_returns(…)",
)


def read_actions(*files: str | Path, mapping: str | Path | None = None) -> pd.DataFrame:
    """Lit des fiches action dans des fichiers de toute forme, et les réunit en une table.

    Parameters
    ----------
    files : chemins des fichiers : classeurs du modèle remplis, ou toute table.
    mapping : correspondance d'en-têtes, un nom de ``parameters/mappings/actions`` ou un fichier YAML.

    Returns
    -------
    DataFrame : les champs de ``copkit.roadmap.actions.FIELDS`` ; cost [EUR], quantity [quantity_unit],
        next_steps_months [mois]. ``attrs["reading"]`` dit ce qui est à vérifier.

    Raises
    ------
    ProjectError
        Si un fichier est absent, illisible, ou si ses en-têtes ne sont pas reconnus.

    References
    ----------
    Les quatorze champs d'une fiche : ``sgpe_point_de_sortie``.
    """
    return named(reading.read(ACTIONS, files, mapping=mapping))


def named(actions: pd.DataFrame) -> pd.DataFrame:
    """The actions, each with its number: its own, or the next one."""
    numbers = actions.action_id.copy()
    blank = numbers == ""
    taken_, free = set(numbers), (f"A{n}" for n in count(1))
    numbers[blank] = list(islice((one for one in free if one not in taken_), int(blank.sum())))
    return actions.assign(action_id=numbers.astype("str"))


def taken(actions: pd.DataFrame) -> pd.DataFrame:
    """Actions as they were read; anything else is refused."""
    return ACTIONS.taken(actions, 'ck.roadmap.read_actions("actions.xlsx")')


def from_projects(projects: pd.DataFrame, dossiers: Iterable[str] = ()) -> pd.DataFrame:
    """Commence des fiches action à partir de dossiers du vivier : ce que le dossier dit, le reste à remplir.

    Parameters
    ----------
    projects : projets triés par ``ck.projects.triage``.
    dossiers : leurs numéros ; vide : ceux qui remplissent les trois critères.

    Returns
    -------
    DataFrame : comme ``read_actions``, une action par dossier, son numéro dans ``dossiers`` ; rien de ce qui
        concerne une personne.

    Raises
    ------
    ProjectError
        Si les projets ne sont pas triés, ou si un numéro n'est pas dans le vivier : tous à la fois.
    """
    table = counted(projects_taken(projects))
    if isinstance(dossiers, str):
        dossiers = [dossiers]
    if wanted := list(dict.fromkeys(dossiers)):
        known = set(table.project_id)
        if absent := [one for one in wanted if one not in known]:
            said = french.plural(len(absent), "dossier absent", "dossiers absents")
            raise ProjectError(f"{said} du vivier : {french.join(absent)}. Corriger ces numéros.")
        table = table[table.project_id.isin(wanted)]
    elif "included" not in table:
        asked = typed("ck.projects.triage(projets)", "--dossier")
        raise ProjectError(f"Ces projets ne sont pas triés : dire lesquels prendre, ou les trier ({asked}).")
    else:
        table = table[table.included == YES]
    shared = [name for name in FIELDS if name in PROJECT and name not in ORIGIN and name not in PRIVATE]
    made = table[[*shared, "invented"]].copy()
    made["lever"] = table.levers.where(~table.levers.str.contains(SEPARATOR, regex=False), "")  # several: to be chosen
    made["engineering"], made["dossiers"] = table.engineering_need, table.project_id
    places_ = table[["commune", "epci", "departement", "region"]].replace("", pd.NA)
    made["territory"] = places_.bfill(axis=1).commune.fillna("").astype("str")
    made = ACTIONS.complete(made.reset_index(drop=True))
    made.attrs = {}
    return named(made)


def write_template(path: str | Path, territory: str = "fr", actions: pd.DataFrame | None = None) -> None:
    """Écrit le classeur à remplir : une ligne par action, les quatorze champs d'une fiche, les choix en listes.

    Parameters
    ----------
    path : fichier .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
    territory : code dont les départements et les EPCI sont proposés en liste.
    actions : celles qui y sont déjà écrites, de ``from_projects`` ou ``read_actions`` ; aucune par défaut.

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu ou ambigu.
    ProjectError
        Si ce ne sont pas des actions, ou si le fichier ne peut être écrit.
    """
    rows = pd.DataFrame() if actions is None else taken(actions).assign(action_id="")  # each is read as one added
    WORKBOOK.begin(path, territory, rows)


read_returns = WORKBOOK.read_returns


def of_returns(merged: Merged) -> pd.DataFrame:
    """Les actions que disent ensemble des classeurs revenus, comme ``read_actions`` ; vides où ils diffèrent."""
    return named(WORKBOOK.of_returns(merged))

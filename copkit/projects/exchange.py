"""Projects in the open schema of the State, and its codes of the categories of a COP."""

from __future__ import annotations

import json
import re
import uuid
from datetime import date as day
from pathlib import Path

import pandas as pd

from copkit import errors, escaping, files, french
from copkit.errors import ProjectError
from copkit.intake import labels
from copkit.models import nomenclatures
from copkit.projects import fields

COLUMNS = [  # of the schema, v0.1.0; « porteurReferent… » are of persons, of whom the kit keeps nothing
    *("id", "createdAt", "updatedAt", "nom", "description", "budgetPrevisionnel", "dateDebutPrevisionnelle"),
    *("phase", "phaseStatut", "programme", "porteurCodeSiret", "porteurReferentEmail", "porteurReferentTelephone"),
    *("porteurReferentPrenom", "porteurReferentNom", "porteurReferentFonction", "competences", "leviers"),
    *("mecId", "tetId", "recocoId", "collectiviteIds"),
]
PHASES = {  # the six maturities of the triage in the three phases of the schema
    "idee": ("Idée", ""),
    "a_initier": ("Idée", ""),
    "en_conception": ("Étude", ""),
    "pret": ("Étude", "Terminé"),
    "engage": ("Opération", "En cours"),
    "realise": ("Opération", "Terminé"),
}
STATUSES = {  # category of the triage → « cop_statut_vivier »
    "remonter": "a_remonter",
    "travailler": "a_travailler",
    "crte": "hors_cop_mais_crte",
    "non_remonte": "non_remonte",
}
INVENTED = " (exemple inventé)"
LEFT = ["project_id", "title", "what", "reason"]
_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/betagouv/schema-projet-collectivites-transition-ecologique")
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


def write_schema(
    projects: pd.DataFrame, path: str | Path, *, public: bool = True, date: str | None = None
) -> pd.DataFrame:
    """Écrit des projets dans le schéma ouvert de l'État (22 champs), et leurs catégories sous ses codes.

    À côté de ``projets.csv``, ``projets_cop.csv`` porte id, cop_millesime et cop_statut_vivier des projets triés. Aucun
    champ d'une personne n'est rempli : la lecture les retire. Ce que le schéma ne peut dire est rendu, non deviné.

    Parameters
    ----------
    projects : projets lus par ``ck.projects.read``, triés ou non ; un doublon n'est pas écrit.
    path : fichier CSV à écrire (virgule, UTF-8).
    public : sans la description, que la version publique ne montre pas.
    date : jour de l'écriture, AAAA-MM-JJ ; celle de la fiche quand le dossier n'en a pas ; aujourd'hui à défaut.

    Returns
    -------
    DataFrame : project_id, title, what, reason : ce qui n'a pas de place dans le schéma.

    Raises
    ------
    ProjectError
        Si ce ne sont pas des projets, ou si la date est illisible.

    References
    ----------
    ``schema_projet_etat_2025``.
    """
    table = fields.counted(fields.taken(projects))
    today = _day(date)
    left: list[tuple] = []
    named = table[table.title != ""]
    untitled = "sans intitulé, que le schéma exige : projet non écrit."
    left += [(one, "", "projet", untitled) for one in table.project_id[table.title == ""]]
    made = pd.DataFrame([_row(one, today, public, left) for one in named.itertuples()], columns=COLUMNS, dtype="object")
    path = files.path_of(path, ProjectError)
    with files.drafts(path, path.with_name(f"{path.stem}_cop{path.suffix}"), error=ProjectError) as (one, other):
        one.write_text(escaping.as_csv(made, exact=True), encoding="utf-8")
        other.write_text(escaping.as_csv(_categories(named, made), exact=True), encoding="utf-8")
    return pd.DataFrame(left, columns=LEFT)


def _day(date: str | None) -> str:
    try:
        return day.fromisoformat(date).isoformat() if date else day.today().isoformat()
    except (TypeError, ValueError):
        raise ProjectError(f"Date illisible : {errors.given(date)}. Écrire AAAA-MM-JJ.") from None


def _row(one, today: str, public: bool, left: list[tuple]) -> dict[str, object]:
    """A project in the fields of the schema; what has no place there is added to ``left``."""
    created = one.submitted or one.updated or today
    phase, status = PHASES.get(one.maturity, ("", ""))
    said, without = _terms(one.lever)
    left += [(one.project_id, one.title, label, why) for label, why in without]
    return {
        "id": identifier(one),
        "createdAt": f"{created}T00:00:00Z",
        "updatedAt": f"{max(created, one.updated)}T00:00:00Z",
        "nom": one.title + INVENTED * (one.invented == fields.YES and "invent" not in one.title),
        "description": "" if public else one.description,
        "budgetPrevisionnel": "" if pd.isna(one.cost) else round(one.cost),
        "dateDebutPrevisionnelle": one.start,
        "phase": phase,
        "phaseStatut": status,
        "programme": one.programme,
        "leviers": json.dumps(said, ensure_ascii=False) if said else "",
    }


def identifier(one) -> str:
    """The UUID of a project: its own, or always the same one for the same dossier of the same file."""
    if re.fullmatch(_UUID, one.project_id):
        return one.project_id.lower()
    parts = (one.programme, one.project_id, one.title, "" if one.project_id else f"{one.source_file} {one.row}")
    return str(uuid.uuid5(_SPACE, "\x1f".join(parts)))


def _terms(cell: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The levers of a project in the terms of the schema, and those that have none: label, why."""
    said, without, known = [], [], nomenclatures.lever_labels()
    for lever in fields.ids(cell):
        if lever == fields.UNKNOWN_LEVER:
            without.append(("levier", "libellé non reconnu : à corriger dans le fichier d'origine."))
            continue
        found = _schema(lever, labels.key(known[lever]))
        if len(found) == 1:
            said += found
        elif found:
            without.append((known[lever], f"plusieurs leviers du schéma : {french.join(found)}. En choisir un."))
        else:
            without.append((known[lever], "aucun des 50 leviers du schéma."))
    return list(dict.fromkeys(said)), without


@files.kept(maxsize=256)
def _schema(lever: str, label: str) -> list[str]:
    """The term of the schema that says a lever, by its name or as an equal; else those that hold all it stands for."""
    table = nomenclatures.crosswalk("schema_projet")
    if named := [term for term in dict.fromkeys(table.label) if labels.key(term) == label]:
        return named
    stands = set(labels.levers_of(lever))
    held = table.groupby("label", sort=False).lever.agg(set)
    equal = set(table.label[table.relation == "egal"])
    found = [term for term, levers in held.items() if stands and stands <= levers]
    return [term for term in found if term in equal] or found


def _categories(projects: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """The category that is kept and the year of the COP, under the codes of the State's base of projects."""
    kept = projects.category_kept if "category_kept" in projects else pd.Series("", projects.index)
    year = projects.attrs.get("triage", {}).get("year")
    found = pd.DataFrame({"id": list(made.id), "cop_millesime": year, "cop_statut_vivier": list(kept.map(STATUSES))})
    return found[found.cop_statut_vivier.notna()]

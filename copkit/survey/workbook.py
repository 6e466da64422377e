"""The workbook of the questionnaire, to send out: who answers, a row for each action, what is known of each lever."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from copkit import french
from copkit.errors import ProjectError, unknown
from copkit.files import path_of
from copkit.intake import gazetteer
from copkit.intake.fields import Field
from copkit.intake.workbook.form import Column, Form, Noun
from copkit.intake.workbook.write import write
from copkit.models import dynamics, nomenclatures, panorama
from copkit.reference import framework, territories, units
from copkit.survey import respondents
from copkit.survey.fields import FIELDS
from copkit.survey.questionnaire import QUESTIONS, actions, rules

SHEET = "Réponses"
EACH = ("region", "departement", "epci")  # who receives a workbook of their own, where nobody says
LISTED = ("region", "departement", "epci", "commune")  # those whose official list names every one
DO = (
    "Écrire en haut de cette feuille qui répond, à quelle date, et qui peut être joint.",
    f"Dans la feuille « {SHEET} », lire chaque action, et ce que l'on sait déjà de son levier sur le territoire.",
    "Répondre aux trois questions en choisissant dans les listes ; un commentaire est possible sur chaque ligne.",
    "Laisser vide ce que vous ne savez pas ; choisir « {not_applicable} » quand l'action ne vous concerne pas.",
    "Enregistrer au format .xlsx ou .ods, et renvoyer le classeur.",
)
KNOW = (
    "Ni le contact ni les commentaires ne figurent dans les documents diffusés.",
    "Ne pas renommer de feuille, supprimer de colonne ni changer l'intitulé d'une action.",
    "Si deux classeurs reviennent d'une même collectivité, le dernier compte et l'autre est signalé.",
)
PARTS = {"report_modal": "velo_transports_en_commun"}  # levers of which the panorama only has a part


def form(territory: str = "fr", type_: str = "", *, name: str = "", siren: str = "") -> Form:
    """The workbook of a territory; ``type_``: whose actions, all when empty; ``name``, ``siren``: who will answer."""
    code, found = territories.resolve(territory), rules()
    where = "France" if code == "fr" else territories.name(code)
    asked = [
        (Column("name", FIELDS["name"], filled=True), name),
        (Column("siren", FIELDS["siren"], filled=True), siren),
        (Column("type", FIELDS["type"], filled=True, listed="type_collectivite"), type_),
        (Column("date", FIELDS["date"], filled=True), ""),
        (Column("contact", Field("Contact"), filled=True), ""),
    ]
    answers = [Column(one, FIELDS[one], 19, filled=True, listed="reponse") for one in QUESTIONS]
    said = [f"{FIELDS[one].label} : « {found.questions[one]} »" for one in QUESTIONS]
    return Form(
        sheet=SHEET,
        noun=Noun("action", "actions", "d'action", "de l'action", "e"),
        columns=(
            Column("action", replace(FIELDS["action"]), 52),
            Column("lever", Field("Levier"), 24),
            Column("thematique", Field("Thématique"), 16),
            Column("known", Field("Ce que l'on sait du territoire"), 38),
            *answers,
            Column("comment", FIELDS["comment"], 40, filled=True),
        ),
        title=f"Questionnaire sur les leviers — {where}",
        do=tuple(one.format(not_applicable=found.scale.not_applicable) for one in DO),
        know=(*said, *KNOW),
        about=(("Questionnaire", f"version {found.version}"),),
        asked=tuple(asked),
        tracked=False,
        wide=1,
    )


def rows(territory: str = "fr", type_: str = "") -> pd.DataFrame:
    """A row for each action, by thématique and lever; what is known of a lever stands beside the first of its actions.

    Raises
    ------
    ProjectError
        If the type is unknown, or if no action is asked of it.
    """
    known = nomenclatures.levers("cop").set_index("lever")
    table = actions()[["action", "levers", "acteurs"]]
    if type_:
        types = [one.id for one in rules().types]
        if type_ not in types:
            raise ProjectError(unknown(f"Type de collectivité inconnu : « {type_} »", type_, types, "Types"))
        table = table[table.acteurs.str.split("|").map(lambda cell: type_ in cell)]
        if table.empty:
            asked = french.join(sorted(set("|".join(actions().acteurs).split("|"))))
            raise ProjectError(f"Aucune action n'est proposée au type « {type_} ». Types qui en ont : {asked}.")
    order = {lever: n for n, lever in enumerate(known.index)}
    table = table.assign(first=table.levers.str.partition("|")[0])
    table = table.sort_values("first", key=lambda column: column.map(order), kind="stable")
    labels, said = framework.labels("thematiques"), _known(territory)
    return pd.DataFrame(
        {
            "action": table.action,
            "lever": table["first"].map(known.label),
            "thematique": table["first"].map(known.thematique).map(labels),
            "known": table["first"].map(said).fillna("").mask(table["first"].duplicated(), ""),
        }
    ).reset_index(drop=True)


def _known(territory: str) -> dict[str, str]:
    """lever → its target, its quantity and its pace in a territory; nothing of a lever that has no figure there."""
    code = territories.resolve(territory)
    p = panorama.shared(code)
    paces = dynamics.dynamics(code).set_index("lever")
    figures = p[["target", "baseline", "quantity"]].to_dataframe()
    out = {}
    for lever in nomenclatures.levers("cop").lever:
        one = PARTS.get(lever, lever)
        if one not in figures.index:
            continue
        row, said = figures.loc[one], [] if one == lever else [f"{p.label.sel(lever=one).item()} seulement."]
        if pd.notna(row.target):
            said += [f"Objectif 2030 : {french.quantity(row.target)} ktCO2e/an évitées."]
        if pd.notna(row.quantity):
            before = f" ({french.quantity(row.baseline)} en 2019)" if pd.notna(row.baseline) else ""
            said += [f"Quantité 2030 : {french.quantity(row.quantity)} {units.label(row.unit)}{before}."]
        if one in paces.index and pd.notna(paces.loc[one, "ratio"]):
            said += [f"Rythme : {paces.loc[one, 'status']}."]
        out[lever] = french.typeset("\n".join(said))
    return out


def write_template(path: str | Path, territory: str = "fr", type_: str = "") -> None:
    """Écrit le questionnaire à envoyer : qui répond, une ligne par action, trois questions à listes déroulantes.

    Parameters
    ----------
    path : fichier .xlsx à écrire ; remplacé s'il existe, laissé intact si l'écriture échoue.
    territory : code de la France, d'une région ou d'un département, dont les chiffres connus sont écrits à côté de
        chaque levier : objectif [ktCO2e/an évitées], quantité [unité du levier], rythme.
    type_ : type de collectivité dont les actions sont proposées (« epci », « commune »…) ; toutes si vide.

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu ou ambigu.
    ProjectError
        Si le type est inconnu, ou si le fichier ne peut pas être écrit.
    """
    table = rows(territory, type_)
    write(form(territory, type_), table, path)


def write_templates(
    folder: str | Path,
    territory: str = "fr",
    types: Sequence[str] = EACH,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Écrit un questionnaire par collectivité d'un territoire, son nom, son SIREN et son type déjà remplis.

    Parameters
    ----------
    folder : dossier où écrire, créé s'il n'existe pas.
    territory : code de la France, d'une région ou d'un département.
    types : types de collectivités, dans les listes officielles : « region », « departement », « epci », « commune ».
    progress : appelée avec le nombre de classeurs écrits et à écrire.

    Returns
    -------
    list[Path] : les classeurs écrits.

    Raises
    ------
    TerritoryError
        Si le territoire est inconnu ou ambigu.
    ProjectError
        Si un type n'a pas de liste, ou si un classeur existe déjà : il peut porter des réponses.
    """
    where = path_of(folder, ProjectError)
    who = [(type_, code) for type_ in types for code in _codes(territory, type_)]
    paths = [where / f"questionnaire_{code}.xlsx" for _, code in who]
    if there := [path.name for path in paths if path.exists()]:
        more = f" et {len(there) - 3} autres" if len(there) > 3 else ""
        raise ProjectError(
            f"« {where} » a déjà {', '.join(there[:3])}{more}, qui peuvent porter des réponses. "
            "Donner un autre dossier, ou les déplacer."
        )
    tables = {type_: rows(territory, type_) for type_ in types}
    where.mkdir(parents=True, exist_ok=True)
    for done, ((type_, code), path) in enumerate(zip(who, paths, strict=True)):
        if progress:
            progress(done, len(paths))
        siren = code.partition("-")[2] if type_ == "epci" else ""
        name = gazetteer.name(code)
        name = name if respondents.find(name, siren, type_).code == code else code
        write(form(territory, type_, name=name, siren=siren), tables[type_], path)
    if progress:
        progress(len(paths), len(paths))
    return paths


def _codes(territory: str, type_: str) -> list[str]:
    """The collectivités of a type on the official list of a territory."""
    if type_ not in LISTED:
        listed = [one for one in LISTED if type_ != one]
        raise ProjectError(unknown(f"Pas de liste officielle du type « {type_} »", type_, listed, "Types"))
    code = territories.resolve(territory)
    if territories.level(code) == "departement" and type_ == "region":
        return []
    if type_ in ("region", "departement") and territories.level(code) == type_:
        return [code]
    return list(territories.territories(type_, within=code).code)

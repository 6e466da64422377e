"""The workbook in which services work on the triage, declared: its columns, decisions that are whole, what to do."""

from __future__ import annotations

from dataclasses import replace

from copkit import french
from copkit.intake import personal
from copkit.intake.fields import Field
from copkit.intake.workbook.form import SEND, Column, Form, Group, Noun
from copkit.models import nomenclatures
from copkit.projects.fields import FIELDS
from copkit.projects.sorting import decisions, opinions, sort
from copkit.projects.sorting.schema import Rules
from copkit.projects.workshop import reference
from copkit.reference import territories

SHOWN = {  # field → width of its column
    "project_id": 14,
    "title": 38,
    "description": 46,
    "holder": 26,
    "departement": 16,
    "lever": 26,
    "contributes": 12,
    "dimension": 18,
    "maturity": 16,
    "start": 12,
    "category": 24,
    "reason": 60,
    "missing": 38,
    "criterion_coherence_reason": 28,
    "criterion_potential_reason": 28,
    "criterion_progress_reason": 28,
    "included": 12,
    "included_reason": 36,
    "given_difference": 30,
    "contradiction": 30,
    "disagreement": 30,
    "category_kept": 24,
    "invented": 10,
}
FRONT = ("title", "category")  # beside the number of the dossier, before what is decided
FOLDED = (  # what is read only when the rest is not enough
    *("description", "holder", "contributes", "dimension", "maturity", "start"),
    *("criterion_coherence_reason", "criterion_potential_reason", "criterion_progress_reason"),
    *("included", "included_reason", "given_difference", "contradiction"),
)
ONCE = (*FOLDED[6:], "description", "disagreement", "invented")
BLANK = {
    "lever": "non renseigné",
    "contributes": "non renseigné",
    "dimension": "non renseignée",
    "maturity": "non renseignée",
    "included": "à préciser",
}
INVENTED = "Exemple inventé : ces dossiers n'existent pas"
DO = (
    "Dans la feuille « Dossiers », lire la catégorie proposée, sa raison et ce qui manque.",
    "Remplir les colonnes « à remplir » (fond clair) : avis, financement et ingénierie de votre service.",
    "Pour retenir une autre catégorie : la choisir dans la liste, puis écrire l'auteur, la date et la raison.",
    "Laisser vide ce que vous ne savez pas. Trier et filtrer est possible ; un « + » au-dessus des colonnes "
    "en ouvre d'autres, qui détaillent le dossier.",
    SEND,
)
KNOW = (
    "Ne pas fusionner de cellules, renommer de feuille, supprimer de colonne ni changer le numéro d'un dossier.",
    "Une décision sans auteur, sans date ou sans raison n'est pas retenue : la cellule à remplir est signalée.",
    "Si deux copies donnent deux réponses pour un même dossier, les deux sont montrées et rien n'est choisi.",
)
DECISION = Group(
    lead="decision",
    parts={"decision_author": "l'auteur", "decision_date": "la date", "decision_reason": "la raison"},
    incomplete="la décision du dossier « {} » n'est pas retenue",
    alone="décision sans catégorie pour le dossier « {} ». Choisir la catégorie, ou vider la ligne.",
)


def form(rules: Rules, year: int, **given) -> Form:
    """The workbook of a year, whose lists follow the rules; ``given``: what its first sheet says, and its warning."""
    return Form(
        sheet="Dossiers",
        noun=Noun("dossier", "dossiers", "de dossier", "du dossier"),
        columns=_columns(rules.labels(year)),
        title=f"Tri des projets de la COP {year}",
        do=DO,
        know=KNOW,
        public_note="Version publique, à consulter : sans avis, commentaires ni noms de personnes.",
        reference=reference.blocks(rules, year),
        groups=(DECISION,),
        private=frozenset(personal.hidden("projets", FIELDS | sort.COLUMNS)) | set(decisions.COLUMNS),
        **given,
    )


def _columns(labels: dict[str, str]) -> tuple[Column, ...]:
    departements = dict(territories.territories("departement")[["code", "name"]].to_numpy())
    levers = {**nomenclatures.lever_labels(), "non_reconnu": "non reconnu"}
    choices = {"departement": departements, "lever": levers, "category": labels, "category_kept": labels}
    known = {**FIELDS, **sort.COLUMNS}
    fields = {name: replace(known[name], choices=choices.get(name, known[name].choices)) for name in SHOWN}
    return (
        *(_read(name, fields[name]) for name in SHOWN),
        *(_opinion(name, FIELDS[name]) for name in opinions.FIELDS),
        *_decision(labels),
    )


def _read(name: str, field: Field) -> Column:
    places = {"front": name in FRONT, "fold": name in FOLDED, "once": name in ONCE}
    return Column(name, field, SHOWN[name], blank=BLANK.get(name, ""), **places)


def _opinion(name: str, field: Field) -> Column:
    if not field.options:
        return Column(name, field, 24, filled=True)
    return Column(name, field, 14, filled=True, listed="avis", wording=("avis inconnu", "Avis admis"))


def _decision(labels: dict[str, str]) -> tuple[Column, ...]:
    """Its four columns: two services that agree on a category are cited together, with the latest date."""
    category = Field("Décision : catégorie", "choice", choices=labels, dated=True)
    words = ("catégorie inconnue", "Catégories")
    author, day, reason = (Field(f"Décision : {one}") for one in ("auteur", "date", "raison"))
    return (
        Column("decision", category, 26, filled=True, listed="categories", wording=words, front=True),
        Column("decision_author", author, 20, filled=True, merge=french.join, front=True),
        Column("decision_date", replace(day, kind="date"), 13, filled=True, merge=max, front=True),
        Column("decision_reason", reason, 40, filled=True, merge=" ; ".join, front=True),
    )

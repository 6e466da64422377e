"""The workbook in which services work on the triage, declared: its columns, decisions that are whole, what to do."""

from __future__ import annotations

from functools import partial

from copkit import french
from copkit.intake.workbook.form import Column, Form, Group, Noun
from copkit.projects.fields import DIMENSIONS, FIELDS, MATURITIES, OPINIONS
from copkit.projects.triage import decisions, facts, opinions
from copkit.projects.triage.rules import Rules
from copkit.projects.workshop import reference
from copkit.reference import territories

SHEET, ID = "Dossiers", "project_id"
INVENTED = "Exemple inventé : ces dossiers n'existent pas"
DO = (
    "Dans la feuille « Dossiers », lire la catégorie proposée, sa raison et ce qui manque.",
    "Remplir les colonnes « à remplir » (fond clair) : avis, financement et ingénierie de votre service.",
    "Pour retenir une autre catégorie : la choisir dans la liste, puis écrire l'auteur, la date et la raison.",
    "Laisser vide ce que vous ne savez pas. Trier et filtrer est possible.",
    "Enregistrer au format .xlsx et renvoyer le classeur. Plusieurs services peuvent remplir chacun leur copie.",
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
        sheet=SHEET,
        noun=Noun("dossier", "dossiers"),
        columns=_columns(rules.labels(year)),
        title=f"Tri des projets de la COP {year}",
        do=DO,
        know=KNOW,
        public_note="Version publique, à consulter : sans avis, commentaires ni noms de personnes.",
        reference=reference.blocks(rules, year),
        groups=(DECISION,),
        **given,
    )


def _columns(labels: dict[str, str]) -> tuple[Column, ...]:
    departements = dict(territories.territories("departement")[["code", "name"]].to_numpy())
    levers = {**facts.lever_labels(), "non_reconnu": "non reconnu"}
    return (
        Column(ID, "Dossier", 14),
        Column("title", "Intitulé", 38),
        Column("description", "Description", 46, public=False),
        Column("holder", "Porteur", 26),
        Column("departement", "Département", 16, choices=departements),
        Column("lever", "Levier", 26, choices=levers, blank="non renseigné"),
        Column("contributes", "Contribue aux objectifs", 12, blank="non renseigné"),
        Column("dimension", "Dimension nouvelle", 18, choices=DIMENSIONS, blank="non renseignée"),
        Column("maturity", "Maturité", 16, choices=MATURITIES, blank="non renseignée"),
        Column("start", "Début prévu", 12, "date"),
        Column("category", "Catégorie selon les règles", 24, choices=labels),
        Column("reason", "Raison", 60),
        Column("missing", "Ce qui manque", 38),
        Column("criterion_coherence_reason", "Cohérence : raison", 28),
        Column("criterion_potential_reason", "Potentiel : raison", 28),
        Column("criterion_progress_reason", "Avancement : raison", 28),
        Column("included", "Les trois critères", 12, blank="à préciser"),
        Column("included_reason", "Les trois critères : raison", 36),
        Column("given_difference", "Écart avec la catégorie reçue", 30),
        Column("contradiction", "Contradiction avec les cibles", 30, public=False),
        Column("disagreement", "Désaccord entre les avis", 30, public=False),
        Column("category_kept", "Catégorie retenue", 24, choices=labels),
        Column("invented", "Exemple inventé", 10),
        *map(_opinion, opinions.FIELDS),
        *_decision(labels),
    )


def _opinion(name: str) -> Column:
    if not name.startswith("opinion_"):
        return Column(name, FIELDS[name].label, 24, filled=True, public=False)
    words = ("avis inconnu", "Avis admis")
    return Column(
        name,
        FIELDS[name].label,
        14,
        "choice",
        filled=True,
        public=False,
        choices=OPINIONS,
        listed="avis",
        wording=words,
    )


def _decision(labels: dict[str, str]) -> tuple[Column, ...]:
    """Its four columns: two services that agree on a category are cited together, with the latest date."""
    filled = partial(Column, filled=True, public=False)

    def category(text: str) -> tuple[str, str]:
        found = decisions.category_of(text, labels)
        return found, "" if found else decisions.unknown_category(text, labels)

    return (
        filled("decision", "Décision : catégorie", 26, "choice", choices=labels, listed="categories", read=category),
        filled("decision_author", "Décision : auteur", 20, merge=french.join),
        filled("decision_date", "Décision : date", 13, "date", merge=max),
        filled("decision_reason", "Décision : raison", 40, merge=" ; ".join),
    )

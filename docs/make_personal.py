"""Writes the table of docs/donnees-personnelles.md from parameters/donnees_personnelles.yml (« make personal »)."""

from __future__ import annotations

import re
from pathlib import Path

from copkit import files, french
from copkit.adaptation.priorities import PRIORITIES
from copkit.intake import personal
from copkit.projects.fields import PROJECTS
from copkit.projects.selection import FIELDS as SORTED
from copkit.roadmap.actions import ACTIONS
from copkit.roadmap.carried import CARRIED
from copkit.roadmap.contracts import CONTRACTS
from copkit.roadmap.jobs import JOBS
from copkit.roadmap.themes import KEPT
from copkit.strengths import STRENGTHS
from copkit.survey.fields import ANSWERS

PAGE = Path(__file__).with_name("donnees-personnelles.md")
KINDS = (PROJECTS, ANSWERS, STRENGTHS, ACTIONS, PRIORITIES, JOBS, KEPT, CARRIED, CONTRACTS)
OTHERS = {
    "communs": "tous", "avis": "avis (feuille « Avis »)", "blocs": "blocs répétables",
    "respondent": "Collectivité, telle qu'elle est distinguée", "project_id": "Dossier", "dossier_id": "Dossier",
    "introduction": "Introduction", "question": "Question", "answer": "Réponse",
}  # fmt: skip
HEAD = ("de", "champs", "nature", "à la lecture", "version publique", "pourquoi")
MARKS = ("<!-- registre -->", "<!-- fin du registre -->")


def table() -> str:
    """The register, a line for the fields of which the same is done."""
    known, said = {kind.name: kind for kind in KINDS}, personal.register()
    lines = [HEAD, ("---",) * len(HEAD)]
    for kind, groups in said.champs.items():
        fields = SORTED if kind in ("projets", "communs") else known[kind].fields if kind in known else {}
        name = known[kind].noun[1] if kind in known else OTHERS[kind]
        for one in groups:
            labels = (fields[field].label if field in fields else OTHERS[field] for field in one.champs)
            what = (said.sensibilites[one.sensibilite], said.lecture[one.lecture], said.public[one.public])
            lines.append((name, ", ".join(labels), *what, one.raison))
    return "\n".join(f"| {' | '.join(map(french.typeset, line))} |" for line in lines)


def page(text: str) -> str:
    """The page with the table of today."""
    before, after = MARKS
    return re.sub(rf"{before}.*{after}", lambda _: f"{before}\n\n{table()}\n\n{after}", text, flags=re.DOTALL)


if __name__ == "__main__":
    files.write_whole(PAGE, page(PAGE.read_text(encoding="utf-8")))

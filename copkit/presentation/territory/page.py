"""« La page »: what a territory's figures say on one sheet, each sentence allowed by a rule of the parameters."""

from __future__ import annotations

import re
from operator import attrgetter

import xarray as xr

from copkit import french
from copkit.models import messages as model
from copkit.presentation import labels
from copkit.presentation.blocks import Page
from copkit.presentation.document import Section
from copkit.presentation.table import Table
from copkit.presentation.territory import received

UNITS = "kt, Mt : milliers et millions de tonnes de CO2 équivalent"
PLACES = {
    "effort": "L'effort",
    "contexte": "Ce qu'il représente",
    "message": "Message",
    "levier": "Levier",
    "bouge": "Ce qui bouge",
    "stagne": "Ce qui ne suit pas",
    "surete": "Ce que valent les chiffres",
    "question": "Question pour la COP",
}
_UNIT = re.compile(r"(?<=\d) (?=(?:kt|Mt|t|kg|km|kWh|MW|TWh|ha)\b)")
PAGE = Section("page", 5)


@PAGE.sentence(reference=True)
def page(p: xr.Dataset, file: str = "") -> Page:
    """La page du territoire : l'effort, trois messages, cinq leviers, ce qui bouge, trois questions.

    ``file`` : des réponses au questionnaire ; un des trois messages dit alors ce que disent les collectivités. Chaque
    phrase vient d'une règle de ``parameters/messages.yml`` ; ``ck.table(p, "messages")`` dit laquelle.
    """
    said: dict[str, list[model.Said]] = {place: [] for place in PLACES}
    every = model.said(p, answers=received.answers(p, file).facts if file else None)
    for one in sorted(every, key=lambda one: one.rule.about == "reponses"):  # figures first, then what is said of them
        said[one.rule.place].append(one)

    def told(place: str, *parts: str) -> tuple:
        read = [attrgetter(part) for part in parts]
        found = [tuple(_typeset(part(one)) for part in read) for one in said[place]]
        return tuple(found) if len(parts) > 1 else tuple(one for (one,) in found)

    where = french.capital(labels.scope(p.attrs["territory"]))
    return Page(
        title=french.typeset(p.attrs["name"]),
        subtitle=french.typeset(f"{where} · planification écologique, l'effort proposé d'ici 2030"),
        effort=told("effort", "title", "detail", "text")[0],
        context=told("contexte", "text"),
        messages=told("message", "title", "text"),
        levers=told("levier", "text", "title", "detail"),
        moves=told("bouge", "text"),
        still=told("stagne", "text"),
        sure=" ".join(told("surete", "text")),
        questions=told("question", "text"),
        source=french.typeset(f"{french.capital(labels.source_line(p))} · {UNITS}."),
    )


def _typeset(text: str) -> str:
    """As it is printed; a number keeps its unit on its line."""
    return _UNIT.sub("\u00a0", french.typeset(text))


@PAGE.table("messages", page=False, reference=True)
def _messages(p: xr.Dataset) -> Table:
    """Every rule of the page, its threshold, the value met here, and its sentence, said or not."""
    found = model.table(p)
    sentences = [" ".join(filter(None, parts)) for parts in zip(found.title, found.text, found.detail, strict=True)]
    return Table.of(
        f"Les règles de la page et ce qu'elles disent — {p.attrs['name']}",
        {
            "Place": found.place.map(PLACES),
            "Règle": found.rule,
            "Levier ou série": [about or "—" for about in found.about],
            "Condition": found.condition,
            "Valeur ici": [value or "—" for value in found.value],
            "Dite": ["oui" if said else "non" for said in found.said],
            "Phrase": [sentence or "—" for sentence in sentences],
            "Pourquoi non": [reason or "—" for reason in found.reason],
        },
    )

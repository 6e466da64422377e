"""What the documents of all territories share: their words, what each lever covers, what does not agree nationally."""

from __future__ import annotations

import pandas as pd

from copkit.models import downscaling, nomenclatures, panorama
from copkit.presentation import labels, refresh
from copkit.presentation.blocks import Block, Heading, Prose, table
from copkit.presentation.table import Table as Shown
from copkit.presentation.territory import quantities
from copkit.presentation.text import Text
from copkit.reference import glossary, parameters, territories
from copkit.refresh.controls import controls

TITLE = "Glossaire"
SOURCES = {
    "sgpe_simulateur_2024": "",
    "sgpe_simulateur_a_propos": "",
    "sgpe_point_de_sortie": "repères nationaux",
    nomenclatures.MATRIX: "enjeux des 43 leviers",
}


def blocks() -> tuple[Block, ...]:
    """The glossary of the documents: what is the same in each of them."""
    words = Text.bullets(Text("**{}** : {}", one.mot, one.sens) for one in glossary.words())
    mainland, overseas = _levers()
    return (
        Heading(1, TITLE, "glossaire"),
        _said("Ce que les documents de tous les territoires ont en commun."),
        Heading(2, "Les mots des documents", "mots"),
        _said(words),
        Heading(2, "Ce que couvre chaque levier", "leviers"),
        table(quantities.covered(mainland, "Ce que couvre chaque levier, en métropole")),
        table(quantities.covered(overseas, "Ce que couvre chaque levier, outre-mer")),
        Heading(2, "Comment le SGPE répartit l’effort entre les régions", "cles"),
        table(_keys(mainland)),
        Heading(2, "Les totaux nationaux de contrôle", "controles"),
        _said(
            "La somme des régions face au total qu’une source donne pour le pays. Un écart est montré tel qu’il est."
        ),
        table(refresh.totals(controls(), notes=True)),
        Heading(2, "La cohérence avec le rationnel national", "coherence"),
        table(quantities.inconsistent()),
        Heading(2, "Sources", "sources"),
        _said(labels.cited(SOURCES)),
    )


def _levers() -> tuple[list[str], list[str]]:
    """The levers of the panoramas of the mainland and of those of the overseas, in their order."""
    mainland = panorama.shared("reg-32").lever.values.tolist()
    codes = [code for code in territories.territories("region").code if territories.is_overseas(code)]
    found = dict.fromkeys(lever for code in codes for lever in panorama.shared(code).lever.values.tolist())
    return mainland, [lever for lever in found if lever not in mainland]


def _keys(levers: list[str]) -> Shown:
    known, levers_ = downscaling.keys(), parameters.levers()
    rows = [(levers_[one].label, known.official_key.get(one), known.official_producer.get(one)) for one in levers]
    found = pd.DataFrame(rows, columns=["Levier", "Clé officielle entre régions", "Producteur de la clé"])
    return Shown(found.fillna("—").replace("", "—"), "La clé de chaque levier, selon le SGPE")


def _said(text: str) -> Prose:
    return Prose(text._repr_markdown_() if isinstance(text, Text) else text)

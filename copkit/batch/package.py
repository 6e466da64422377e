"""The figures of a batch in one table, with its descriptor: a Data Package (https://specs.frictionlessdata.io).

The descriptor says of each column what it is, in which unit; and of the whole, its sources and its licence.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pandas as pd

from copkit import DATA_VERSION, __version__, clock, escaping
from copkit.batch.manifest import EFFORTS, FIGURES, GLOSSARY
from copkit.models import figures as model
from copkit.models import worth
from copkit.presentation import blocks, glossary
from copkit.presentation.writers import html
from copkit.reference import parameters, territories

CSV, PARQUET, DESCRIPTOR = FIGURES
OPEN = "Licence Ouverte 2.0"
DESCRIPTION = (
    "Émissions évitées en 2030 par rapport à 2019 que le panorama du SGPE propose à chaque territoire, levier par "
    "levier, avec leur quantité physique, leur statut et leur source. Proposition indicative, base de discussion. Une "
    "valeur vide est inconnue ; elle n'est jamais zéro. L'objectif du levier forêt n'est pas régionalisé : il ne se "
    "mélange pas aux autres dans un total."
)
LICENCES = {OPEN: "etalab-2.0"}  # title → its identifier (spdx.org/licenses)


def files(codes: Iterable[str]) -> dict[str, bytes]:
    """Name → content, the descriptor last; nothing when no territory has a panorama."""
    found = model.figures(tuple(codes))
    if found.empty:
        return {}
    parquet = io.BytesIO()
    found.to_parquet(parquet, index=False)
    made = {CSV: escaping.as_csv(found).encode("utf-8"), PARQUET: parquet.getvalue()}
    descriptor = json.dumps(describe(found, made), ensure_ascii=False, indent=1).encode("utf-8")
    return {**made, DESCRIPTOR: descriptor}


def made(codes: Iterable[str]) -> dict[str, bytes]:
    """The figures of some territories with their descriptor, the glossary of their documents, what the index says."""
    codes = [*codes]
    if found := files(codes):
        smaller = [code for code in codes if territories.is_fine(code) and territories.exists(code)]
        efforts = worth.efforts(smaller=smaller)
        found |= {GLOSSARY: _glossary().encode("utf-8"), EFFORTS: json.dumps(efforts).encode()}
    return found


def write(folder: str, codes: list[str], done: str) -> None:
    """The same in a folder; ``done``: the name of a file that says that all is there."""
    for name, data in made(codes).items():
        Path(folder, name).write_bytes(data)
    Path(folder, done).touch()


def _glossary() -> str:
    """What the documents of all territories share, as a page beside the index."""
    footer = f"Glossaire produit par copkit {__version__}, données {DATA_VERSION}."
    about = {"title": f"{glossary.TITLE} — copkit", "footer": footer, "index": "index.html"}
    return html.write(blocks.Description(blocks=glossary.blocks(), **about))


def describe(table: pd.DataFrame, made: dict[str, bytes]) -> dict:
    """The descriptor of a table and of the files that hold it."""
    known = [parameters.sources()[key] for key in model.sources(table)]
    title = "Panoramas des leviers de la planification écologique : un levier d'un territoire par ligne"
    return {
        "profile": "data-package",
        "name": "copkit-figures",
        "title": title,
        "description": DESCRIPTION,
        "version": str(table.version.iloc[0]),
        "created": clock.now().isoformat(timespec="seconds"),
        "contributors": [{"title": f"copkit {__version__}", "role": "wrangler"}],
        "licenses": [
            {"name": name, "title": licence}
            for licence, name in LICENCES.items()
            if any(one.licence.startswith(licence) for one in known)
        ],
        "sources": [
            {
                "title": f"{one.publisher} — {one.title} ({one.year})",
                "publisher": one.publisher,
                "year": one.year,
                "licence": one.licence,
                "locator": one.locator,
            }
            for one in known
        ],
        "resources": [
            _resource("figures", CSV, made[CSV], "csv", "text/csv")
            | {
                "profile": "tabular-data-resource",
                "encoding": "utf-8",
                "title": title,
                "dialect": {"delimiter": ",", "lineTerminator": "\n", "doubleQuote": True, "header": True},
                "schema": schema(),
            },
            _resource("figures-parquet", PARQUET, made[PARQUET], "parquet", "application/vnd.apache.parquet")
            | {"profile": "data-resource", "type": "file", "title": f"{title}, en Parquet"},
        ],
    }


def schema() -> dict:
    """The columns: name, kind, what they are, and their unit."""
    fields = []
    for name, one in model.COLUMNS.items():
        of = f"celle de la colonne « {one.unit} »" if one.unit == "unit" else one.unit
        said = f"{one.said}. Unité : {of}." if one.unit else f"{one.said}."
        needed = {"constraints": {"required": True}} if name in model.KEY else {}
        unit = {"unit": one.unit} if one.unit else {}
        fields.append({"name": name, "type": one.kind, "description": said, **unit, **needed})
    return {"fields": fields, "primaryKey": list(model.KEY), "missingValues": [""]}


def _resource(name: str, path: str, data: bytes, format: str, mediatype: str) -> dict:
    size = {"bytes": len(data), "hash": f"sha256:{sha256(data).hexdigest()}"}
    return {"name": name, "path": path, "format": format, "mediatype": mediatype, **size}

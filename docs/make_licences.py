"""Writes docs/licences.md from uv.lock, the sources and REUSE.toml: « make licences »; a test holds it current."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path

import pandas as pd
import yaml

from copkit import french, paths

PAGE = Path(__file__).with_name("licences.md")
ROOT = PAGE.parents[1]
INTRODUCTION = """# Licences

Page écrite par `make licences`, à ne pas modifier à la main. Le kit est sous licence MIT ; `REUSE.toml` donne la
licence de chaque fichier, `LICENSES/` les textes. `make audit` vérifie que chaque fichier a la sienne et que le
verrou est à jour, écrit la liste des bibliothèques au format CycloneDX avec leurs empreintes
(`outputs/copkit.cdx.json`), puis cherche leurs failles connues (pip-audit) ; sans réseau, il le dit et finit par
une erreur.
"""
ELSEWHERE = "installées seulement sur un autre système ou un autre Python"
# What a package says of itself, where it does so in words of its own. Read in the package.
WORDS = {
    "Apache 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


def page() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, "## Les données\n", *data(), "## Les bibliothèques\n", *libraries(), ""])


def data() -> list[str]:
    """Each table of data/clean with its licence and its sources, then what was read of the licence of each source."""
    sources = yaml.safe_load((paths.home() / "parameters" / "sources.yml").read_text(encoding="utf-8"))
    files, used = ["| fichier | licence | sources |", "|---|---|---|"], set()
    for path in sorted((ROOT / "data" / "clean").iterdir()):
        keys = named(path)
        used.update(keys)
        said = ", ".join(f"`{key}`" for key in keys) or "voir `data/README.md`"
        files.append(f"| `{path.name}` | {reuse(path)} | {said} |")
    read = [f"| `{key}` | {it['publisher']} | {it['licence']} |" for key, it in sources.items() if key in used]
    return [*files, "", "| source | producteur | licence, telle que lue |", "|---|---|---|", *read, ""]


def reuse(path: Path) -> str:
    """The licence that REUSE.toml gives a file: the last that concerns it."""
    notes = tomllib.loads((ROOT / "REUSE.toml").read_text(encoding="utf-8"))["annotations"]
    name = path.relative_to(ROOT).as_posix()
    patterns = [(note["path"] if isinstance(note["path"], list) else [note["path"]], note) for note in notes]
    return [note["SPDX-License-Identifier"] for paths, note in patterns if any(fnmatch(name, it) for it in paths)][-1]


def named(path: Path) -> list[str]:
    """The sources that a table names, row by row."""
    if path.suffix not in (".csv", ".parquet"):
        return []
    read = pd.read_csv(path, dtype=str) if path.suffix == ".csv" else pd.read_parquet(path)
    return sorted(read["source"].dropna().unique())


def libraries() -> list[str]:
    """What « pip install copkit[cluster] » brings, by licence."""
    by = defaultdict(list)
    for name in locked():
        by[licence(name)].append(name)
    rows = [f"- **{said}** ({len(by[said])}) : {', '.join(by[said])}" for said in sorted(by, key=french.plain)]
    count = sum(map(len, by.values()))
    return [f"{count} bibliothèques, d'après ce que chacune déclare ; les outils de test n'y sont pas.\n", *rows]


def locked() -> list[str]:
    """The packages that the kit needs, tests apart, as uv.lock names them, for every system."""
    lock = {it["name"]: it for it in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]}
    found: set[str] = set()
    asked = lock["copkit"]["dependencies"] + lock["copkit"]["optional-dependencies"]["cluster"]
    while asked:
        one = asked.pop()
        it = lock[one["name"]]
        asked += [dep for extra in one.get("extra", ()) for dep in it["optional-dependencies"][extra]]
        if it["name"] not in found:
            found.add(it["name"])
            asked += it.get("dependencies", [])
    return sorted(found)


def licence(name: str) -> str:
    """What a package declares of its licence."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ELSEWHERE
    if said := about.get("License-Expression"):
        return said
    found = [line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or () if line.startswith("License")]
    if named := [WORDS.get(it, it) for it in found if it != "DFSG approved"]:
        return " ou ".join(named)
    said = (about.get("License") or "").strip().partition("\n")[0]
    return WORDS.get(said, said) or "non déclarée"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

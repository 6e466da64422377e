"""Writes docs/api.md from the docstrings: « make api »; a test says when the page is no longer current."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import copkit as ck

PAGE = Path(__file__).with_name("api.md")
INTRODUCTION = """# Les noms publics de copkit

Page écrite par `make api` d'après l'aide des fonctions (`help(ck.panorama)`), à ne pas modifier à la main.

```python
import copkit as ck
```

Là où un panorama est attendu, le code de son territoire suffit (« reg-32 ») ; une fonction qui prend un code accepte un
panorama. Les unités sont entre crochets. Inconnu : NaN, montré « n.d. ». Ce qu'une fonction rend se montre comme sa
table ; une erreur (`copkit.errors.CopkitError`) dit ce qui ne va pas, où, et quoi écrire.
"""
GROUPS = {
    "Territoires, leviers, scénarios, documents": ("ck", ck),
    "Projets": ("ck.projects", ck.projects),
    "Clés locales": ("ck.local", ck.local),
    "Points forts": ("ck.strengths", ck.strengths),
    "Questionnaire": ("ck.survey", ck.survey),
    "Feuille de route": ("ck.roadmap", ck.roadmap),
    "Adaptation": ("ck.adaptation", ck.adaptation),
    "Journal de décisions": ("ck.journal", ck.journal),
    "Dans un carnet": ("ck.notebook", ck.notebook),
}
SPACES = {"Graphiques": ("ck.charts", ck.charts), "Phrases": ("ck.report", ck.report)}
HEADS = {"Parameters": "Paramètres", "Returns": "Résultat"}


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for title, (prefix, group) in GROUPS.items():
        parts.append(f"## {title}\n")
        parts += [entry(f"{prefix}.{name}", getattr(group, name)) for name in dir(group) if described(group, name)]
    for title, (prefix, space) in SPACES.items():
        rows = [f"- `{prefix}.{name}` — {lines(getattr(space, name))[0]}" for name in dir(space)]
        parts.append("\n".join([f"## {title}\n", *rows, ""]))
    return "\n".join(parts)


def described(group, name: str) -> bool:
    """Whether a name has an entry of its own: not a group of names, which has its own part of the page."""
    return callable(getattr(group, name))


def entry(name: str, made) -> str:
    """A name: how it is called, what it does, what it is given and what it gives."""
    first, *_ = lines(made)
    out = [f"### `{name}{signature(made)}`\n", f"{first}\n"]
    for head, text in sections(made):
        if head in HEADS:
            out.append(f"{HEADS[head]} :\n\n{items(text) if head == 'Parameters' else plain(' '.join(text.split()))}\n")
    return "\n".join(out)


def signature(made) -> str:
    """The arguments and their defaults, without types."""
    if inspect.isclass(made) and made.__name__ != "Simulator":
        return ""
    bare = [one.replace(annotation=one.empty) for one in inspect.signature(made).parameters.values()]
    return str(inspect.Signature([one for one in bare if one.kind is not one.VAR_KEYWORD])).replace("'", '"')


def lines(made) -> list[str]:
    """The paragraphs that stand before the sections of a docstring, each on one line."""
    head = re.split(r"^\w+\n-+\n", inspect.getdoc(made) or "", maxsplit=1, flags=re.MULTILINE)[0]
    head = head.partition(">>>")[0]
    return [plain(" ".join(one.split())) for one in head.split("\n\n") if one.strip()] or [""]


def sections(made) -> Iterator[tuple[str, str]]:
    """The sections of a docstring."""
    found = re.split(r"^(\w+)\n-+\n", inspect.getdoc(made) or "", flags=re.MULTILINE)[1:]
    yield from zip(found[::2], found[1::2], strict=True)


def items(text: str) -> str:
    """A section as a list: a line that is not indented starts an item."""
    joined = re.sub(r"\n\s+", " ", text.strip())
    return "\n".join(f"- {plain(line.strip())}" for line in joined.splitlines() if line.strip())


def plain(text: str) -> str:
    """Markdown of what a docstring writes."""
    return text.replace("``", "`")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

"""The book of a COP: every document of a territory, in the order of its steps; what is there, what is missing.

Which documents there are, at which step, and what each needs, the notebooks say in their metadata (« etape »,
« besoins », « livre »): a notebook that is put in the folder is in the book.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from copkit import DATA_VERSION, __version__, clock, french, paths
from copkit.batch import index, plan, selection
from copkit.batch.plan import Limits, Notebook, Task
from copkit.errors import RunError
from copkit.presentation import blocks
from copkit.presentation.table import Table
from copkit.presentation.text import Text
from copkit.presentation.writers import html
from copkit.reference import framework, territories

INDEX = "index.html"  # in the folder of the territory
LOCAL = "partage_infraregional"  # the step whose documents are those of the territories inside
BESIDE = "Autres documents"


@dataclass(frozen=True)
class Missing:
    """A document that nothing makes, for want of files; ``needs``: the parameters that would give them."""

    territory: str
    title: str
    needs: tuple[str, ...]


def chapters() -> list[Notebook]:
    """The notebooks of the book, in the order of the steps; in each the main one, then the others by their names."""
    order = {step: rank for rank, step in enumerate(_steps())}
    found = (Notebook.read(path) for path in sorted(paths.notebooks().glob("*.ipynb")))
    kept = [one for one in found if one.step and "territoire" in one.declared]
    return sorted(kept, key=lambda one: (order.get(one.step, len(order)), one.stem != index.MAIN_NOTEBOOK))


def _steps() -> dict[str, str]:
    """The four steps of a COP, then what follows, with their labels."""
    return {item.id: item.label for block in ("etapes", "suites") for item in framework.items(block)}


def tasks(
    codes: list[str],
    level: str | None,
    parameters: dict,
    *,
    examples: bool = False,
    formats: tuple[str, ...] = (),
    limits: Limits | None = None,
) -> tuple[list[Task], list[Missing]]:
    """What is to be run, and the documents that lack their files. ``examples``: the kit's own stand in their place.

    Raises
    ------
    RunError, TerritoryError
        What ``plan.plan`` refuses; a parameter that no notebook declares; a workbook that several would write.
    """
    known = chapters()
    declared = dict.fromkeys(chain.from_iterable(one.declared for one in known))
    plan.check_names("Aucun carnet du livre n'a", parameters, declared)
    if parameters.get("classeur"):
        raise RunError(
            f"Le paramètre « classeur » ne peut pas valoir « {parameters['classeur']} » pour tout un livre : chaque "
            "document a son classeur.\nLe retirer, ou l'écrire vide pour n'en faire aucun : -p classeur="
        )
    levels = dict.fromkeys(chain.from_iterable(one.levels for one in known))
    levels = [one for one in levels if one not in territories.FINE]  # a COP is that of a région
    places = selection.places(codes, level, levels, "Le livre d'une COP")
    plan.check_territory(parameters, [place[0] for place in places])
    made, missing, reads = [], [], {one.stem: len(one.needs) for one in known}
    for one in known:
        here, read = [place for place in places if place[2] in one.levels], plan.read_for(one, parameters)
        if (needs := tuple(one.without(read))) and not examples:
            missing += [Missing(place[0], one.title, needs) for place in here]
        else:
            made += plan.tasks(one, here, read, formats=formats, limits=limits, book=True)
    return sorted(made, key=lambda task: -reads[task.stem]), missing  # those that read files are the longest: first


# ------------------------------------------------------------------ index


def render(code: str, runs: Iterable[dict]) -> str:
    """L'index du livre d'un territoire ; ``runs`` : les exécutions du manifeste, de tous les territoires."""
    runs = {(run["territory"], run["notebook"]): run for run in runs}
    here = {stem: run for (territory, stem), run in runs.items() if territory == code}
    level, name = next(((run["level"], run["name"]) for run in here.values()), ("", code))
    known = [one for one in chapters() if level in one.levels]
    shown: list[blocks.Block] = [
        blocks.Heading(1, name),
        *_said(_head(code, here)),
        blocks.table(_overview(code, known, here, runs)),
    ]
    for step, label in _steps().items():
        lines = [_document(code, one, here.get(one.stem)) for one in known if one.step == step]
        if step == LOCAL:
            lines += _inside(code, runs)
        shown += [
            blocks.Heading(2, label, step),
            *_said(Text.bullets(lines) if lines else Text("Rien dans le kit pour cette étape, à cette échelle.")),
        ]
    stems = {one.stem for one in known if one.step in _steps()}
    if others := [_written(code, run, "") for stem, run in here.items() if stem not in stems]:
        shown += [blocks.Heading(2, BESIDE, "autres"), *_said(Text.bullets(others))]
    footer = f"Index produit par copkit {__version__}, données {DATA_VERSION}, le {french.short_date(clock.today())}."
    return html.write(blocks.Description(title=f"Livre de la COP — {name}", footer=footer, blocks=tuple(shown)))


def _said(text: Text) -> list[blocks.Prose]:
    return [blocks.Prose(text._repr_markdown_())]


def _head(code: str, here: dict[str, dict]) -> Text:
    """What this is, and which documents hold invented examples."""
    invented = [run.get("title") or stem for stem, run in here.items() if run.get("invented")]
    kind = french.capital(territories.level_label(code)) if code in ("fr", *territories.codes()) else code
    lines = [Text("{} · le livre de la COP : ses documents, dans l'ordre de ses étapes.", kind)]
    if invented:
        one = len(invented) == 1
        lines.append(
            Text(
                "> **Exemples inventés.** {} {} des exemples inventés, marqués comme tels : rien de ce qu'ils disent "
                "ne décrit un territoire, un projet ou une collectivité réels.",
                french.join(f"« {title} »" for title in invented),
                "contient" if one else "contiennent",
            )
        )
    return Text.joined(lines)


def _overview(code: str, known: list[Notebook], here: dict[str, dict], runs: dict) -> Table:
    """How many documents of each step there are, and which are missing."""
    rows = []
    for step, label in _steps().items():
        titles = {one.title: bool(here.get(one.stem, {}).get("files")) for one in known if one.step == step}
        if step == LOCAL:
            titles |= {territories.name(one): bool(_files(runs, one)) for one in _local(code)}
        absent = [title for title, there in titles.items() if not there]
        rows.append((label, len(titles) - len(absent), len(titles), french.join(absent) if absent else "—"))
    labels, there, whole, absent = zip(*rows, strict=True)
    done = [f"{n} sur {of}" if of else "—" for n, of in zip(there, whole, strict=True)]
    return Table.of("Où en est le livre", {"Étape": [*labels], "Documents faits": done, "Ce qui manque": [*absent]})


def _document(code: str, one: Notebook, run: dict | None) -> Text:
    """A document that is there, that failed, or how to get it."""
    if run:
        return _written(code, run, one.question, one.needs)
    command = " ".join([f"copkit run {code} --all", *(f"-p {name}=FICHIER" for name in one.needs)])
    wanted = [Text(" Il faut : {}.", need) for need in one.needs.values()]
    return Text(
        "**{}** — {} **Pas encore fait.**{} Pour l'avoir : {}",
        one.title,
        one.question,
        Text.joined(wanted, ""),
        Text.code(command),
    )


def _written(code: str, run: dict, question: str, needs: Iterable[str] = ()) -> Text:
    """A document with its files, the reason of its failure, and whether it holds invented examples."""
    title, files = run.get("title") or run["notebook"], _links(code, run)
    opened = Text.link(title, files.pop("html", "") or next(iter(files.values()))) if files else title
    parts = [Text("**{}** —", opened), Text("**Exemples inventés.**") if run.get("invented") else "", question]
    if run["status"] != "ok":
        said = index.without_folders(run.get("error") or "raison non enregistrée")
        before = " Version antérieure, à lire comme telle." if files else ""
        parts.append(Text("**Le dernier calcul a échoué** : {}{}", said, before))
    given = [(name, run["parameters"].get(name)) for name in needs]
    if told := [Text("{} : {}", name, Path(str(file)).name) for name, file in given if file]:
        parts.append(Text("Fait avec {}.", Text.joined(told, ", ")))
    others = [Text.link(index.FILE_LABELS.get(kind, kind.upper()), href) for kind, href in files.items()]
    parts.append(Text("Aussi : {}.", Text.joined(others, ", ")) if others else "")
    return Text.joined(parts, " ")


def _links(code: str, run: dict) -> dict[str, str]:
    """The files of a run from the folder of its territory, in the order of the index."""
    files = run.get("files") or {}
    order = [*(kind for kind in index.FILE_LABELS if kind in files), *(k for k in files if k not in index.FILE_LABELS)]
    return {kind: files[kind].removeprefix(f"{code}/") for kind in order}


def _local(code: str) -> list[str]:
    """The territories inside, whose documents share out what the territory decides."""
    if code == "fr":
        return territories.codes("region")
    inside = territories.departements_of(code)
    return inside if len(inside) > 1 else []


def _files(runs: dict, code: str) -> dict:
    """The files of the main document of a territory."""
    return runs.get((code, index.MAIN_NOTEBOOK), {}).get("files") or {}


def _inside(code: str, runs: dict) -> list[Text]:
    """The documents of the territories inside: those that are there, and how to get the others."""
    inside = _local(code)
    if not inside:
        return []
    there = {one: files["html"] for one in inside if (files := _files(runs, one)) and "html" in files}
    lines = [Text.link(territories.name(one), f"../{href}") for one, href in there.items()]
    noun = "régions" if code == "fr" else "départements"
    found = [Text("Diagnostics des {} : {}.", noun, Text.joined(lines, ", "))] if lines else []
    if absent := [one for one in inside if one not in there]:
        names = french.join(map(territories.name, absent))
        found.append(
            Text("Pas encore faits : {}. Pour les avoir : {}", names, Text.code(f"copkit run {' '.join(absent)}"))
        )
    return found

"""Answers gathered from the workbooks of all EPCI, by copkit and by pandas with openpyxl, in one run.

    python benchmarks/survey.py                # 1 255 workbooks of 100 actions, 3 % of them damaged in five ways
    python benchmarks/survey.py --workbooks 200
    python benchmarks/survey.py --folder DIR   # where the workbooks are kept from one run to the next

Each route runs in its own process, in turn, and gives its duration, its time of processor (what a loaded machine leaves
alone, and what is judged), the most memory that it took and how many of each answer it read: the program ends with an
error when they differ, or when a bar of the project is missed. The other route
reads the sheet of the answers and the lines of the first sheet that say who answers; it checks nothing else.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

ACTIONS, SHARE, FASTER, MEMORY = 100, 0.03, 4.0, 1024.0  # the bars: times faster, Mio
LABELS = {
    "Pertinente pour mon territoire": "pertinence",
    "Action de la collectivité à la hauteur": "collectivite",
    "Action de l'ensemble des parties prenantes à la hauteur": "parties_prenantes",
}


def made(folder: Path, count: int) -> None:
    """The workbooks that the kit writes, answered at random from a seed; some of them damaged."""
    from copkit.intake.workbook.write import write
    from copkit.reference import territories
    from copkit.survey import workbook
    from copkit.survey.questionnaire import QUESTIONS, rules

    draw = random.Random(2024)
    listed = territories.territories("epci").head(count)
    asked, choices = workbook.rows("fr", "epci").head(ACTIONS), [*rules().scale.options, ""]
    folder.mkdir(parents=True)
    for code, name in zip(listed.code, listed.name, strict=True):
        answers = {one: draw.choices(choices, k=len(asked)) for one in QUESTIONS}
        form = workbook.form("fr", "epci", name=name, siren=code.removeprefix("epci-"))
        write(form, asked.assign(**answers), folder / f"{code}.xlsx")
    ways = (_cut, _emptied, _page, _headless, _broken)
    for n, path in enumerate(draw.sample(sorted(folder.iterdir()), round(SHARE * len(listed)))):
        ways[n % len(ways)](path)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:4000])


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _page(path: Path) -> None:
    path.write_text("<html><body>Session expirée</body></html>", encoding="utf-8")


def _headless(path: Path) -> None:
    """The first row of the answers erased."""
    import openpyxl

    book = openpyxl.load_workbook(path)
    book["Réponses"].delete_rows(1)
    book.save(path)


def _broken(path: Path) -> None:
    """A workbook whose sheets are not XML."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content[: len(content) // 2] if name.startswith("xl/worksheets/") else content)


def ours(folder: Path) -> dict:
    """The kit: everything that it checks, the collectivités found on the official list, the report of reading."""
    from copkit.survey import gather

    table = gather.read(folder)
    counts = {one: Counter(table[one]) for one in LABELS.values()}
    respondents = table.respondent[table.respondent != ""].nunique()
    return {"counts": counts, "refused": len(table.attrs["reading"].refused), "respondents": int(respondents)}


def theirs(folder: Path) -> dict:
    """pandas and openpyxl: the same answers in one table, the labels turned into ids."""
    import pandas as pd

    from copkit.survey.questionnaire import rules

    tables, refused = [], 0
    for path in sorted(folder.iterdir()):
        try:
            book = pd.read_excel(path, sheet_name=["Lire d'abord", "Réponses"], engine="openpyxl", dtype=str)
            who = book["Lire d'abord"].set_axis(["label", "value"], axis=1).set_index("label").value
            table = book["Réponses"].rename(columns=lambda one: one.replace("’", "'").removesuffix(" (à remplir)"))
            table = table[["Action", *LABELS]].rename(columns=LABELS)
            tables.append(table.assign(name=who.iloc[0], siren=who.iloc[1], file=path.name))
        except Exception:  # whatever the file makes of the library
            refused += 1
    table = pd.concat(tables, ignore_index=True)
    ids = {label: id_ for id_, label in rules().scale.options.items()}
    counts = {one: Counter(table[one].map(ids).fillna("")) for one in LABELS.values()}
    return {"counts": counts, "refused": refused, "respondents": int(table.siren.nunique())}


ROUTES = {"pandas": theirs, "copkit": ours}


def measured(route: str, folder: Path) -> dict:
    """A route in its own process."""
    done = subprocess.run(
        [sys.executable, __file__, "--route", route, "--folder", folder], capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Both routes, beside each other."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workbooks", type=int, default=1255)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--route", choices=ROUTES)
    given = parser.parse_args()
    if given.route:
        start, begun = time.perf_counter(), time.process_time()
        found = ROUTES[given.route](given.folder)
        found["seconds"] = time.perf_counter() - start
        found["processor"] = time.process_time() - begun
        found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)) / "reponses"
        if not folder.exists():
            made(folder, given.workbooks)
        found = {route: measured(route, folder) for route in ROUTES}
    for route, one in found.items():
        answers = sum(sum(counts.values()) for counts in one["counts"].values())
        took = f"{one['seconds']:.1f} s, {one['processor']:.1f} s of processor, {one['memory']:.0f} Mio"
        said = f"{answers} answers of {one['respondents']} respondents, {one['refused']} files refused"
        print(f"{route}: {took}, {said}")
    clock, ratio = (found["pandas"][one] / found["copkit"][one] for one in ("seconds", "processor"))
    print(f"ratio {clock:.1f}, of processor {ratio:.1f}")
    if found["pandas"]["counts"] != found["copkit"]["counts"]:
        sys.exit("the two routes did not read the same answers")
    if ratio < FASTER or found["copkit"]["memory"] > MEMORY:
        sys.exit("a bar of the project is missed")


if __name__ == "__main__":
    main()

"""100 000 dossiers read, sorted and counted in one run, beside the same file read with pandas and openpyxl.

    python benchmarks/projects.py [DOSSIERS]

The file is the invented vivier of ``data/examples``, its dossiers repeated under other numbers, as a CSV and as a
workbook in the layout of démarches-simplifiées. Each way runs in a process of its own, so that its peak memory is its
own. pandas only reads the cells and counts the dossiers by département: it does not name columns, check, remove
personal data, recognise levers and places, sort, nor explain. The program ends with 1 when ours takes more than 2 GiB.
"""

from __future__ import annotations

import csv
import multiprocessing
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

VIVIER = Path(__file__).resolve().parents[1] / "data" / "examples" / "vivier_hauts_de_france.csv"
MOST = 2.0  # GiB
BY = ("departement", "category", "lever", "thematique", "epci")
PANDAS, OPENPYXL, OURS = "pandas", "pandas et openpyxl", "copkit"


def write(folder: Path, count: int) -> dict[str, Path]:
    """The same dossiers as a CSV and as a workbook."""
    import xlsxwriter

    with VIVIER.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    made = {"CSV": folder / "dossiers.csv", "XLSX": folder / "dossiers.xlsx"}
    many = ([str(30_000_000 + n), *rows[n % len(rows)][1:]] for n in range(count))
    with (
        made["CSV"].open("w", encoding="utf-8", newline="") as file,
        xlsxwriter.Workbook(made["XLSX"], {"constant_memory": True, "strings_to_urls": False}) as book,
    ):
        writer, sheet = csv.writer(file), book.add_worksheet("Dossiers")
        writer.writerow(header)
        sheet.write_row(0, 0, header)
        for n, row in enumerate(many, start=1):
            writer.writerow(row)
            for column, text in enumerate(row):
                sheet.write_string(n, column, text)
    return made


def ours(path: Path) -> dict[str, float]:
    """Read, sort, count five ways and cover; with the progress bar of the command."""
    import copkit as ck
    from copkit.commands.projects import _progress
    from copkit.projects.counting.coverage import coverage

    laps, start = {}, time.perf_counter()

    def lap(name: str) -> None:
        nonlocal start
        laps[name], start = time.perf_counter() - start, time.perf_counter()

    with _progress() as progress:
        projects = ck.projects.read(path, progress=progress)
    lap("lecture")
    sorted_ = ck.projects.triage(projects)
    lap("tri")
    totals = {by: ck.projects.balance(sorted_, by) for by in BY}
    coverage(sorted_, "reg-32")
    lap("bilans")
    assert int(totals["departement"].total.iloc[-1]) == len(projects)
    return laps


def plain(path: Path) -> dict[str, float]:
    """The cells as text, and one count."""
    import pandas as pd

    start = time.perf_counter()
    if path.suffix == ".csv":
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    else:
        table = pd.read_excel(path, dtype=str, engine="openpyxl", sheet_name="Dossiers")
    laps = {"lecture": time.perf_counter() - start}
    assert table.groupby("Département du projet", dropna=False).size().sum() == len(table)
    return laps


def measure(way: str, path: Path) -> tuple[dict[str, float], float]:
    """Seconds by step, and the peak memory of the process. [s; GiB]"""
    laps = ours(path) if way == OURS else plain(path)
    return laps, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main(count: int = 100_000) -> int:
    """Print the table; 1 when the limit of memory is missed."""
    from copkit import french

    print(
        f"| façon ({french.number(count, 0)} dossiers) | fichier | lecture [s] | tri [s] | bilans [s] | mémoire [Gio] |"
    )
    print("|---|---|---:|---:|---:|---:|")
    highest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        files = write(Path(folder), count)
        for name, path in files.items():
            for way in (PANDAS if name == "CSV" else OPENPYXL, OURS):
                with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as apart:
                    laps, peak = apart.submit(measure, way, path).result()
                cells = [french.number(laps[step], 1) if step in laps else "—" for step in ("lecture", "tri", "bilans")]
                print(f"| {way} | {name} | {' | '.join(cells)} | {french.number(peak, 2)} |", flush=True)
                highest = max(highest, peak if way == OURS else 0.0)
    met = highest < MOST
    print(f"\n- {'tenu' if met else 'MANQUÉ'} : {french.number(highest, 2)} Gio, {french.number(MOST, 0)} au plus")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

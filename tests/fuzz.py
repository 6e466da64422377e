"""Damaged files without end: the corpus on every reader, mutations of it, and inputs that coverage guides (atheris).

Started by hand or at night (« make fuzz », docs/fiabilite.md). ``--write`` writes its table in docs/fiabilite.md. What
ends otherwise than in a reading or in a French message is kept in the folder that it names, with its reader.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
PAGE = ROOT / "docs" / "fiabilite.md"
START, END = "<!-- table de tests/fuzz.py -->", "<!-- fin de la table -->"
LARGEST = 4096  # bytes of an input that coverage guides
FAMILIES = {"archives": "classeurs", "texts": "tables de texte", "blocks": "YAML et JSON"}
TOGETHER = 500  # inputs of a quick reader that one process tries
GUIDED = ("lien", "json", "yaml", "texte", "feuille")


@dataclass
class Line:
    """A line of the table."""

    tried: int = 0
    read: int = 0
    refused: int = 0
    seconds: float = 0.0
    memory: int = 0  # bytes
    wrong: list[str] = field(default_factory=list)

    def add(self, outcome) -> None:
        self.tried += 1
        self.read += outcome.verdict == "read"
        self.refused += outcome.verdict == "refused"
        self.seconds, self.memory = max(self.seconds, outcome.seconds), max(self.memory, outcome.memory)
        if outcome.wrong:
            self.wrong.append(f"{outcome.case}, {outcome.reader} : {outcome.verdict}")


def mutated(content: bytes, rng: random.Random) -> bytes:
    """A file changed here and there: bytes, runs of bytes, pieces of itself."""
    made = bytearray(content)
    for _ in range(rng.choice((1, 2, 4, 16, 64))):
        at, length = rng.randrange(len(made) + 1), rng.choice((1, 1, 2, 8, 64, 512))
        piece = rng.choice(
            (
                lambda at=at, length=length: made[at : at + length],
                lambda length=length: rng.randbytes(min(length, 8)),
                lambda length=length: bytes([rng.choice(b'";,\n{}[]:&*-09eE.<>/=\x00\xff')]) * length,
                lambda: b"",
            )
        )()
        place = rng.randrange(len(made) + 1)
        made[place : place + rng.choice((0, len(piece), length))] = piece
    return bytes(made)


def mutations(folder: Path, minutes: float, table: dict[str, Line]) -> None:
    """Mutations of the corpus, of its archives inside too, on a reader drawn at random."""
    from tests.corpus import DAMAGES, archives, blocks, texts, trial  # noqa: F401
    from tests.corpus.readers import READERS

    light = [one for one in DAMAGES if not one.heavy]
    end, number = time.monotonic() + 60 * minutes, sum(line.tried for line in table.values())
    while time.monotonic() < end:
        cases = []
        for _ in range(200):
            number += 1
            rng = random.Random(number)
            damage = rng.choice(light)
            reader, suffix = rng.choice([(one, s) for one in READERS for s in damage.suffixes if s in one.sound])
            sound = reader.sound[suffix]()
            made = damage.make(sound, rng) if rng.random() < 0.5 else sound
            try:
                inside = suffix == ".xlsx" and rng.random() < 0.8
                made = (
                    archives.changed(made, lambda part, rng=rng: mutated(part, rng)) if inside else mutated(made, rng)
                )
            except Exception:  # no archive any more
                made = mutated(made, rng)
            path = folder / f"n{number}{damage.suffix or suffix}"
            path.write_bytes(made)
            cases.append((f"{damage.family} {path.name}", reader.name, partial(reader.read, path), ""))
        for outcome, case in zip(trial.bounded(cases), cases, strict=True):
            family, _, name = case[0].partition(" ")
            table.setdefault(f"mutations : {FAMILIES[family]}", Line()).add(outcome)
            if not outcome.wrong:
                (folder / name).unlink()


def steady(folder: Path, minutes: float, table: dict[str, Line]) -> None:
    """Mutations of what the quickest readers read, by hundreds in one process."""
    from tests.corpus import trial

    found = {kind: readings(kind) for kind in GUIDED}
    for seeds, read in found.values():  # what is loaded once is no matter of the inputs
        for content in seeds:
            read(content)
    end, number = time.monotonic() + 60 * minutes, sum(line.tried for line in table.values())

    def some(kind: str, first: int) -> None:
        seeds, read = found[kind]
        for at in range(first, first + TOGETHER):
            rng = random.Random(at)
            content = mutated(rng.choice(seeds), rng)
            try:
                read(content)
            except Exception:
                (folder / f"{kind}{at}").write_bytes(content)
                raise

    while time.monotonic() < end:
        cases = []
        for kind in GUIDED:
            cases.append((kind, kind, partial(some, kind, number), ""))
            number += TOGETHER
        for outcome in trial.bounded(cases):
            line = table.setdefault(f"mutations en série : {outcome.reader}", Line())
            line.tried += TOGETHER
            line.seconds, line.memory = max(line.seconds, outcome.seconds / TOGETHER), max(line.memory, outcome.memory)
            line.wrong += [f"{outcome.case}, {outcome.reader} : {outcome.verdict}"] * outcome.wrong


# ------------------------------------------------------------------ what coverage guides


def readings(kind: str) -> tuple[list[bytes], Callable[[bytes], object]]:
    """The first inputs of a reader, and how it reads one."""
    from tests.corpus import archives, places
    from tests.corpus.readers import READERS

    place = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    by_name = {reader.name: reader for reader in READERS}

    def through(suffix: str, *reads: Callable[[Path], object], wrap: Callable[[bytes], bytes] = bytes):
        path = place / f"n{suffix}"

        def read(content: bytes) -> None:
            from copkit.errors import CopkitError

            path.write_bytes(wrap(content))
            for one in reads:
                try:
                    one(path)
                except CopkitError as error:
                    said = error
                    str(said)

        return read

    if kind == "lien":
        from copkit.simulator import links

        seeds = [text.encode("utf-8", "replace")[:LARGEST] for text in places.LINKS]
        return seeds, lambda content: links.from_query(content.decode("utf-8", "surrogateescape"))
    if kind == "json":
        from copkit.intake import graphql
        from copkit.models import scenario_file

        def scenario(path: Path) -> object:
            return scenario_file._read(path.read_bytes().decode("utf-8", "surrogateescape"))

        names = ("dossiers (API)", "scénario", "hub d'indicateurs")
        return [by_name[name].sound[".json"]() for name in names], through(".json", graphql.read, scenario)
    if kind == "yaml":
        names = ("levier", "correspondance", "périmètres")
        return [by_name[name].sound[".yml"]() for name in names], through(
            ".yml", *(by_name[name].read for name in names)
        )
    if kind == "texte":
        from copkit.intake import delimited, official

        return [by_name["périmètres"].sound[".csv"]()], through(".csv", delimited.read, official.kind)
    from copkit.intake import spreadsheets

    parts = archives.parts(by_name["périmètres"].sound[".xlsx"]())
    name = "xl/worksheets/sheet1.xml"
    return [parts[name]], through(".xlsx", spreadsheets.read, wrap=lambda sheet: archives.packed(parts | {name: sheet}))


def guided(kind: str, seconds: int, folder: Path) -> None:
    """One reader, guided by what its code did: its own process, which ends when the time is over."""
    import atheris

    with atheris.instrument_imports(include=["copkit"]):
        seeds, read = readings(kind)
    folder.mkdir(parents=True, exist_ok=True)
    inputs = folder / "inputs"
    inputs.mkdir(exist_ok=True)
    for number, content in enumerate(seeds):
        (inputs / f"sound{number}").write_bytes(content[:LARGEST])
    seen: set[str] = set()

    def one(content: bytes) -> None:
        try:
            read(content)
        except Exception as error:
            import traceback

            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{type(error).__name__} {Path(last.filename).name}:{last.lineno}"
            if where not in seen:
                seen.add(where)
                (folder / f"found{len(seen)}").write_bytes(content)
                print(f"FOUND {where}: {error}"[:300], file=sys.stderr, flush=True)

    options = [f"-max_total_time={seconds}", f"-max_len={LARGEST}", "-timeout=60", "-rss_limit_mb=3000"]
    atheris.Setup([sys.argv[0], "-print_final_stats=1", f"-artifact_prefix={folder}/", *options, str(inputs)], one)
    atheris.Fuzz()


def by_coverage(folder: Path, minutes: float, table: dict[str, Line]) -> None:
    each = max(int(60 * minutes / len(GUIDED)), 5)
    for kind in GUIDED:
        command = [sys.executable, __file__, "--guided", kind, "--seconds", str(each), "--folder", str(folder / kind)]
        said = subprocess.run(command, capture_output=True, text=True, errors="replace", cwd=ROOT)
        found = dict(re.findall(r"stat::(\w+):\s+(\d+)", said.stderr))
        line = table.setdefault(f"guidées par la couverture : {kind}", Line())
        line.tried += int(found.get("number_of_executed_units", 0))
        line.memory = max(line.memory, int(found.get("peak_rss_mb", 0)) << 20)
        line.seconds = max(line.seconds, float(found.get("slowest_unit_time_sec", 0)))
        line.wrong += [f"{kind} : {one}" for one in re.findall(r"FOUND (.*)", said.stderr)]
        if not found:
            line.wrong.append(f"{kind} : {said.stderr[-600:]}")


# ------------------------------------------------------------------ the whole


def compared(folder: Path, first: int, last: int, table: dict[str, Line]) -> None:
    """Generated sendings, read by the kit and by pandas and openpyxl: rows, sums, levers, places."""
    from tests import damage

    line = table.setdefault("comparées à une autre lecture : dossiers", Line())
    for start in range(first, last, 100):
        before, until = time.process_time(), min(start + 100, last)
        cases = [damage.Case(seed) for seed in range(start, until)]
        line.wrong += [f"graine {one.seed} : {one.said}" for one in damage.main(start, until, folder / "comparees")]
        line.tried += sum(len(case.files) for case in cases)
        line.seconds = max(line.seconds, (time.process_time() - before) / len(cases))


def markdown(table: dict[str, Line], what: str) -> str:
    from copkit import french

    def whole(value: float) -> str:
        return french.number(value, 0)

    head = ["| entrées | essayées | lues | refusées en français | autres fins | pire temps (ms) | pire mémoire (Mo) |"]
    rows = [
        f"| {name} | {whole(line.tried)} | {whole(line.read) if line.read else '—'} | "
        f"{whole(line.refused) if line.refused else '—'} | {len(line.wrong)} | "
        f"{french.number(1000 * line.seconds, 1) if line.seconds else '—'} | "
        f"{whole(line.memory / 1e6) if line.memory else '—'} |"
        for name, line in table.items()
    ]
    total = sum(line.tried for line in table.values())
    ends = sum(len(line.wrong) for line in table.values())
    last = f"{what} : {whole(total)} entrées en tout, {whole(ends)} autres fins."
    return "\n".join([*head, "|---|--:|--:|--:|--:|--:|--:|", *rows, "", last])


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--minutes", type=float, default=10, help="shared by the mutations and what coverage guides")
    options.add_argument("--files", type=int, default=200, help="sendings compared with another reading")
    options.add_argument("--first", type=int, default=0, help="seed of the first of them")
    options.add_argument("--corpus", action=argparse.BooleanOptionalAction, default=True, help="the corpus, whole")
    options.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "copkit-fuzz"))
    options.add_argument("--write", default="", help="the date to write above the table of docs/fiabilite.md")
    options.add_argument("--add", action="store_true", help="to what the last run counted in this folder")
    options.add_argument("--guided", choices=GUIDED, help=argparse.SUPPRESS)
    options.add_argument("--seconds", type=int, default=60, help=argparse.SUPPRESS)
    options = options.parse_args()
    if options.guided:
        guided(options.guided, options.seconds, options.folder)
    options.folder.mkdir(parents=True, exist_ok=True)
    kept, table = options.folder / "table.json", {}
    if options.add and kept.is_file():
        table = {name: Line(**line) for name, line in json.loads(kept.read_text()).items()}
    if options.corpus:
        from tests import test_damaged_input
        from tests.corpus import trial

        cases = list(test_damaged_input.cases(options.folder, every=True))
        for outcome in trial.bounded(cases):
            family = FAMILIES[outcome.case.partition(".")[0]]
            table.setdefault(f"corpus : {family}", Line()).add(outcome)
    compared(options.folder, options.first, options.first + options.files, table)
    if options.minutes:
        for phase in (mutations, steady, by_coverage):
            phase(options.folder, options.minutes / 3, table)
    kept.write_text(json.dumps({name: vars(line) for name, line in table.items()}, ensure_ascii=False))
    said = markdown(table, options.write or "Ce passage")
    print(said)
    for one in [said for line in table.values() for said in line.wrong]:
        print(one)
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.partition(START)[0], text.partition(END)[2]
        PAGE.write_text(f"{before}{START}\n\n{said}\n\n{END}{after}", encoding="utf-8")
    return int(any(line.wrong for line in table.values()))


if __name__ == "__main__":
    sys.exit(main())

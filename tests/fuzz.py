"""Damaged files without end: the corpus on every reader, sendings read twice, mutations, inputs that coverage guides.

Started by hand or at night (« make fuzz », docs/fiabilite.md). What was tried is kept after each step in the folder, so
that ``--add`` goes on where a run was cut; ``--write`` writes the table of docs/fiabilite.md. What ends otherwise than
in a reading or in a French message is kept in the folder too, with its reader.
"""

import argparse
import gc
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
PAGE = ROOT / "docs" / "fiabilite.md"
START, END = "<!-- table de tests/fuzz.py -->", "<!-- fin de la table -->"
LARGEST = 4096  # bytes of an input that coverage guides
FAMILIES = {"archives": "classeurs", "texts": "tables de texte", "blocks": "YAML et JSON"}
GUIDED = ("lien", "json", "yaml", "texte", "feuille")
ROUND = {  # mutations that one process tries: the more, the quicker they are read
    **{"lien": 2000, "json": 2000, "texte": 2000, "feuille": 1000, "yaml": 500},
    **{"blocks": 300, "archives": 60, "texts": 30},
}
GUIDING = 60  # seconds of a round of what coverage guides
Read = Callable[[bytes], object]


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


class Run:
    """What a run has tried, kept in its folder: the lines of the table, and how far each step is."""

    def __init__(self, folder: Path, minutes: float) -> None:
        self.folder, self.end = folder, time.monotonic() + 60 * minutes
        self.table: dict[str, Line] = {}
        self.done: dict[str, int] = {}

    @property
    def over(self) -> bool:
        return time.monotonic() >= self.end

    def line(self, name: str) -> Line:
        return self.table.setdefault(name, Line())

    def take(self, folder: Path) -> dict[str, int]:
        """Add what another run counted; how far it was."""
        kept = json.loads((folder / "table.json").read_text())
        for name, found in kept["table"].items():
            line = vars(self.line(name))
            for one, value in found.items():
                line[one] = max(line[one], value) if one in ("seconds", "memory") else line[one] + value
        return kept["done"]

    def keep(self) -> None:
        said = {"table": {name: vars(line) for name, line in self.table.items()}, "done": self.done}
        draft = self.folder / "table.new"
        draft.write_text(json.dumps(said, ensure_ascii=False))
        draft.replace(self.folder / "table.json")


# ------------------------------------------------------------------ the corpus, and what is read twice


def corpus(run: Run) -> None:
    """Each damage on each reader that may be handed it."""
    from tests import test_damaged_input
    from tests.corpus import trial

    warm()
    made = test_damaged_input.cases(run.folder, every=True)
    for _, _, read, _ in islice(made, run.done.get("corpus", 0)):
        read.args[0].unlink()
    while not run.over and (cases := list(islice(made, 50))):
        for outcome, (_, _, read, _) in zip(trial.bounded(cases), cases, strict=True):
            run.line(f"corpus : {FAMILIES[outcome.case.partition('.')[0]]}").add(outcome)
            if not outcome.wrong:
                read.args[0].unlink()
        run.done["corpus"] = run.done.get("corpus", 0) + len(cases)
        run.keep()


def differing(seeds: Sequence[int], folder: Path, kind: str) -> list:
    """What differs in the sendings of some seeds; that which stops the comparison is named, and the others go on."""
    from tests import damage

    try:
        return damage.of_seeds(seeds, folder, kind=kind)
    except Exception as error:
        if len(seeds) == 1:
            return [damage.Fault(seeds[0], (), f"{type(error).__name__}: {error}")]
        return [one for seed in seeds for one in differing([seed], folder, kind)]


def files_of(kind: str, seeds: Iterable[int]) -> int:
    """How many files some sendings are."""
    from tests import damage

    return sum(len(damage.Case(seed, kind=kind).files) for seed in seeds)


def compared(run: Run, files: int) -> None:
    """Generated sendings of each kind, read by the kit and by csv, pandas and openpyxl: rows, sums, levers, places."""
    from tests import damage

    for first in range(0, files, 50):
        for kind in damage.FORMS:
            start = run.done.get(kind, 0)
            until = min(first + 50, -(-files // len(damage.FORMS)))
            if start >= until or run.over:
                continue
            line, before = run.line(f"comparées à une autre lecture : {kind}"), time.process_time()
            found = differing(range(start, until), run.folder / "comparees" / kind, kind)
            line.wrong += [f"{kind}, graine {one.seed} : {one.said}" for one in found]
            line.tried += files_of(kind, range(start, until))
            line.read += files_of(kind, set(range(start, until)) - {one.seed for one in found})
            line.seconds = max(line.seconds, (time.process_time() - before) / (until - start))
            run.done[kind] = until
            run.keep()


# ------------------------------------------------------------------ mutations


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


def warm() -> None:
    """Load once, before processes are forked, what reading a sound file loads."""
    from tests.corpus.readers import READERS

    with tempfile.TemporaryDirectory() as folder:
        for reader in READERS:
            for suffix, sound in reader.sound.items():
                path = Path(folder, f"sain{suffix}")
                path.write_bytes(sound())
                reader.read(path)
    gc.collect()
    gc.freeze()


def of_family(family: str, number: int) -> tuple[bytes, str, object]:
    """A damage of a family changed here and there, its archives inside too: what it holds, its suffix, its reader."""
    from tests.corpus import DAMAGES, archives
    from tests.corpus.readers import READERS

    rng = random.Random(number)
    damage = rng.choice([one for one in DAMAGES if one.family == family and not one.heavy])
    reader, suffix = rng.choice([(one, s) for one in READERS for s in damage.suffixes if s in one.sound])
    sound = reader.sound[suffix]()
    made = damage.make(sound, rng) if rng.random() < 0.5 else sound
    try:
        inside = suffix == ".xlsx" and rng.random() < 0.8
        made = archives.changed(made, lambda part: mutated(part, rng)) if inside else mutated(made, rng)
    except Exception:  # no archive any more
        made = mutated(made, rng)
    return made, damage.suffix or suffix, reader


def mutation(kind: str, number: int) -> tuple[bytes, str, Read]:
    """A mutation for the readers of a kind: what it holds, its suffix, how it is read."""
    if kind in GUIDED:
        seeds, read = readings(kind)
        rng = random.Random(number)
        return mutated(rng.choice(seeds), rng), "", read
    content, suffix, reader = of_family(kind, number)
    path = place() / f"recu{suffix}"

    def read(content: bytes) -> None:
        path.write_bytes(content)
        reader.read(path)

    return content, suffix, read


def attempt(kind: str, number: int) -> None:
    content, _, read = mutation(kind, number)
    read(content)


def mutations(run: Run) -> None:
    """Mutations of the corpus on a reader drawn at random, and of what the quickest readers read: in one process, each
    within its own bounds; another process goes on where one is lost."""
    from tests.corpus import archives, blocks, texts, trial  # noqa: F401  (a family declares its damages)

    warm()
    for kind in GUIDED:
        readings(kind)
    while not run.over:
        start = run.done.get("mutations", 0)
        tries = [(kind, start + n) for n in range(max(ROUND.values())) for kind, most in ROUND.items() if n < most]
        cases = [(f"{kind} {number}", kind, partial(attempt, kind, number), "") for kind, number in tries]
        for outcome, (kind, number) in zip(trial.bounded(cases), tries, strict=True):
            run.line(f"mutations : {FAMILIES.get(kind, kind)}").add(outcome)
            if outcome.wrong:
                content, suffix, _ = mutation(kind, number)
                (run.folder / f"{kind}{number}{suffix}").write_bytes(content)
        run.done["mutations"] = start + max(ROUND.values())
        run.keep()


# ------------------------------------------------------------------ what coverage guides


@cache
def place() -> Path:
    """A folder of this process, in memory where that can be."""
    return Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))


@cache
def readings(kind: str) -> tuple[list[bytes], Read]:
    """The first inputs of a reader, and how it reads one."""
    from tests.corpus import DAMAGES, archives, blocks, places, texts, trial  # noqa: F401
    from tests.corpus.readers import READERS

    by_name = {reader.name: reader for reader in READERS}

    def through(suffix: str, *reads: Callable[[Path], object], wrap: Callable[[bytes], bytes] = bytes) -> Read:
        path = place() / f"n{suffix}"

        def read(content: bytes) -> None:
            from copkit.errors import CopkitError

            path.write_bytes(wrap(content))
            refused = []
            for one in reads:
                try:
                    one(path)
                except CopkitError as error:
                    refused.append(error)
                    if lacks := trial.unsaid(str(error), "", content.decode("utf-8", "replace")):
                        raise AssertionError(lacks) from error
            if len(refused) == len(reads):
                raise refused[0]

        return read

    def damaged(suffix: str, *names: str) -> list[bytes]:
        """The sound files of readers, and the small ones that each damage makes of the first."""
        sound = [by_name[name].sound[suffix]() for name in names]
        able = [one for one in DAMAGES if suffix in one.suffixes and not one.heavy]
        made = [one.make(sound[0], trial.drawn(one.name)) for one in able]
        return sound + [content for content in made if 0 < len(content) <= LARGEST]

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
        return damaged(".json", *names), through(".json", graphql.read, scenario)
    if kind == "yaml":
        names = ("levier", "correspondance", "périmètres")
        return damaged(".yml", *names), through(".yml", *(by_name[name].read for name in names))
    if kind == "texte":
        from copkit.intake import delimited, official

        return damaged(".csv", "périmètres"), through(".csv", delimited.read, official.kind)
    from copkit.intake import spreadsheets

    parts = archives.parts(by_name["périmètres"].sound[".xlsx"]())
    name = "xl/worksheets/sheet1.xml"
    return [parts[name]], through(".xlsx", spreadsheets.read, wrap=lambda sheet: archives.packed(parts | {name: sheet}))


def guided(kind: str, seconds: int, folder: Path) -> None:
    """One reader, guided by what its code did: its own process, which ends when the time is over."""
    import atheris

    from copkit.errors import CopkitError

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
        except CopkitError:
            pass
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


def by_coverage(run: Run) -> None:
    """Each reader in turn; what it learnt is kept for its next round."""
    while not run.over:
        for kind in GUIDED:
            folder, seconds = run.folder / kind, str(min(GUIDING, max(5, int(run.end - time.monotonic()))))
            command = [sys.executable, __file__, "--guided", kind, "--seconds", seconds, "--folder", str(folder)]
            said = subprocess.run(command, capture_output=True, text=True, errors="replace", cwd=ROOT)
            found = dict(re.findall(r"stat::(\w+):\s+(\d+)", said.stderr))
            line = run.line(f"guidées par la couverture : {kind}")
            line.tried += int(found.get("number_of_executed_units", 0))
            line.memory = max(line.memory, int(found.get("peak_rss_mb", 0)) << 20)
            line.seconds = max(line.seconds, float(found.get("slowest_unit_time_sec", 0)))
            line.wrong += [f"{kind} : {one}" for one in re.findall(r"FOUND (.*)", said.stderr)]
            if not found:
                line.wrong.append(f"{kind} : {said.stderr[-600:]}")
            run.keep()


# ------------------------------------------------------------------ the whole


def again(run: Run) -> None:
    """What ended otherwise, tried once more: some of it was mended since."""
    from tests import test_damaged_input
    from tests.corpus import trial

    def differs(kind: str, seed: int) -> None:
        found = differing([seed], run.folder / "comparees" / kind, kind)
        assert not found, found

    def guided_to(kind: str) -> None:
        from copkit.errors import CopkitError

        for path in sorted((run.folder / kind).glob("found*")):
            with suppress(CopkitError):  # whose message was looked at beside what it cites
                readings(kind)[1](path.read_bytes())

    whole = any(name.startswith("corpus") and line.wrong for name, line in run.table.items())
    made = test_damaged_input.cases(run.folder, every=True) if whole else ()
    damages = {f"{case}, {reader}": read for case, reader, read, _ in made}
    for line in run.table.values():
        for said in line.wrong[:]:
            case, head = said.partition(" : ")[0], said.partition(", ")[0]
            sending = re.match(r"(.*), graine (\d+)$", case)
            if case in damages:
                read = damages[case]
            elif sending:
                read = partial(differs, sending[1], int(sending[2]))
            elif found := re.match(r"(\w+) (\d+)$", head):
                read = partial(attempt, found[1], int(found[2]))
            else:
                read = partial(guided_to, case)
            [outcome] = trial.bounded([(case, "", read, "")])
            if not outcome.wrong:
                line.wrong.remove(said)
                if sending and any(one.startswith(f"{case} : ") for one in line.wrong):  # it differed in several ways
                    continue
                files = files_of(sending[1], [int(sending[2])]) if sending else 1
                line.read += files * (outcome.verdict == "read")
                line.refused += outcome.verdict == "refused"
    run.keep()


STEPS = ("corpus", "compared", "mutations", "guided", "again")


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
        for name, line in sorted(table.items())
    ]
    total = sum(line.tried for line in table.values())
    ends = sum(len(line.wrong) for line in table.values())
    last = f"{what} : {whole(total)} entrées en tout, {whole(ends)} autres fins."
    return "\n".join([*head, "|---|--:|--:|--:|--:|--:|--:|", *rows, "", last])


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument(
        "--minutes", type=float, default=10, help="of the whole; the last two steps share what is left"
    )
    options.add_argument("--files", type=int, default=400, help="sendings compared with another reading, of all kinds")
    options.add_argument(
        "--steps", nargs="*", choices=STEPS, default=STEPS[:-1], help="those to do; none: the table only"
    )
    options.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "copkit-fuzz"))
    options.add_argument("--write", default="", help="the date to write under the table of docs/fiabilite.md")
    options.add_argument("--add", action="store_true", help="go on where the last run in this folder ended")
    options.add_argument("--join", type=Path, nargs="*", default=[], help="folders of other runs, in the table too")
    options.add_argument("--guided", choices=GUIDED, help=argparse.SUPPRESS)
    options.add_argument("--seconds", type=int, default=60, help=argparse.SUPPRESS)
    options = options.parse_args()
    if options.guided:
        guided(options.guided, options.seconds, options.folder)
    options.folder.mkdir(parents=True, exist_ok=True)
    run = Run(options.folder, options.minutes)
    if options.add and (options.folder / "table.json").is_file():
        run.done = run.take(options.folder)
    for folder in options.join:
        run.take(folder)
    end = run.end
    for step in options.steps:
        if step == "mutations" and "guided" in options.steps:
            run.end = (time.monotonic() + end) / 2
        {
            "corpus": corpus,
            "compared": partial(compared, files=options.files),
            "mutations": mutations,
            "guided": by_coverage,
            "again": again,
        }[step](run)
        run.end = end
    run.keep()
    said = markdown(run.table, options.write or "Ce passage")
    print(said)
    for one in [said for line in run.table.values() for said in line.wrong]:
        print(one)
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        before, after = text.partition(START)[0], text.partition(END)[2]
        PAGE.write_text(f"{before}{START}\n\n{said}\n\n{END}{after}", encoding="utf-8")
    return int(any(line.wrong for line in run.table.values()))


if __name__ == "__main__":
    sys.exit(main())

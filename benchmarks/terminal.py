"""The commands that print a table beside « import pandas », in one run: from the start of the process to its end.

    python benchmarks/terminal.py [FOIS]

The ways take turns, so that a busy moment falls on all of them; the best of each counts, in elapsed time and in
processor time, which depends less on what else the machine does. The program ends with 1 when the panorama takes more
than 0.7 s.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

MOST = 0.7  # s
IMPORTS = ("pass", "import pandas", "import pandas, xarray")
COMMANDS = (
    ("--help",),
    ("panorama", "reg-32"),
    ("panorama", "dep-59"),
    ("dynamics", "reg-32"),
    ("compare", "reg-32", "sgpe", "sraddet"),
    ("convert", "reg-32", "vehicules_electriques", "--kt", "500"),
    ("simulate", "reg-32", "-t", "covoiturage=300"),
)
PANDAS, PANORAMA = 'python -c "import pandas"', "copkit panorama reg-32"


def measure(command: list[str]) -> tuple[float, float]:
    """How long a process lasts, and how much of the processor it takes. [s; s]"""
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    wall, after = time.perf_counter() - start, os.times()
    return wall, after.children_user + after.children_system - before.children_user - before.children_system


def main(times: int = 10) -> int:
    """Print the table; 1 when the panorama takes too long."""
    from copkit import french

    ways = {f'python -c "{code}"': [sys.executable, "-c", code] for code in IMPORTS}
    ways |= {f"copkit {' '.join(words)}": [sys.executable, "-m", "copkit", *words] for words in COMMANDS}
    laps = {name: [] for name in ways}
    for _ in range(times):
        for name, command in ways.items():
            laps[name].append(measure(command))
    best = {name: [min(lap) for lap in zip(*found, strict=True)] for name, found in laps.items()}
    print("| processus | durée [s] | rapport à pandas | processeur [s] | rapport à pandas |")
    print("|---|---:|---:|---:|---:|")
    for name, found in best.items():
        pairs = zip(found, best[PANDAS], strict=True)
        print(
            f"| `{name}` | " + " | ".join(f"{french.number(s, 2)} | {french.number(s / p, 1)}" for s, p in pairs) + " |"
        )
    met = best[PANORAMA][0] < MOST
    print(
        f"\n- {'tenu' if met else 'MANQUÉ'} : {french.number(best[PANORAMA][0], 2)} s, {french.number(MOST, 1)} au plus"
    )
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

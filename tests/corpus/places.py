"""What has a name and is no file, and links of the simulator: neither has a sound file that would be damaged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

SUFFIXES = (".csv", ".xlsx", ".json", ".yml")


def places(folder: Path) -> Iterator[tuple[str, Path]]:
    """A name for each way not to be a file, with each suffix."""
    for suffix in SUFFIXES:
        made = {kind: folder / f"{kind}{suffix}" for kind in ("dossier", "tube", "appareil", "boucle", "vers_rien")}
        made["dossier"].mkdir()
        os.mkfifo(made["tube"])
        made["appareil"].symlink_to("/dev/zero")
        made["boucle"].symlink_to(made["boucle"])
        made["vers_rien"].symlink_to(folder / "absent")
        made |= {"absent": folder / f"absent{suffix}", "long": folder / f"{'n' * 300}{suffix}"}
        made |= {"nul": folder / f"a\0b{suffix}", "moitie": folder / f"a\udcffb{suffix}"}
        yield from made.items()


LINKS = [
    "?etape=²",
    "?etape=" + "9" * 5000,
    "?l=haies:k:" + "9" * 5000,
    "?l=haies:k:1e999:nan",
    "?l=haies:q:inf:-inf",
    "?l=haies:k:١٢٣",
    "?l=" + ":" * 7000,
    "?" + "l=haies:k:1&" * 600,
    "?" + "&" * 7900,
    "?territoire=reg-32&territoire=reg-76&v=../../x",
    "?territoire=%00%ff%fe&l=%ed%a0%80",
    "?territoire=\ud83d&nom=\udcff",
    "?nom=<script>alert(1)</script>&p=haies:</textarea>",
    "?g=" + "~" * 5000,
    "http://[::1/?l=haies",
    "http://[v1.x]/?" + "a" * 100,
    "//" * 3000,
    "\x00\x1b[2J",
    "?ref=\udcff\udcfe",
    "?vue=\udcff&levier=\udcff",
    "?%s%n{0}=1",
    "#?territoire=reg-32",
    "",
]

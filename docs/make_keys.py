"""Hears the allocation keys again (« make keys »): allocation.csv, audition.csv, keys.csv and docs/cles.md."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from copkit import files, paths
from copkit.models import audition

PAGE = Path(__file__).with_name("cles.md")
ROUNDED = 2  # decimals of the figures that are added up
SOURCE = "sgpe_simulateur_2024"


def allocation() -> str:
    """``data/clean/allocation.csv``: its rows as they are, those that are added up from finer tables made again."""
    table = pd.read_csv(paths.clean_data("allocation.csv"), dtype=str, keep_default_na=False)
    made = audition.computed()
    made["value"] = [repr(round(value, ROUNDED)) for value in made.value]
    made["year"] = [f"{year:.0f}" for year in made.year]
    kept = table[~table.key.isin(set(made.key))]
    return pd.concat([kept, made]).to_csv(index=False, lineterminator="\n")


def keys() -> str:
    """``parameters/keys.csv``: the official keys as they are, the choice of the audition."""
    path = paths.parameters("keys.csv")
    table = pd.read_csv(path, dtype=str, keep_default_na=False).set_index("lever", drop=False)
    official = table[["lever", "official_key", "official_producer"]]
    return official.join(audition.choices().drop(columns="lever")).to_csv(index=False, lineterminator="\n")


def by_region() -> str:
    """``data/clean/audition.csv``."""
    return audition.shares_by_region().assign(status="derive", source=SOURCE).to_csv(index=False, lineterminator="\n")


def write() -> None:
    """Write the four files, each from the one before."""
    files.write_whole(paths.clean_data("allocation.csv"), allocation())
    files.reload()
    files.write_whole(paths.parameters("keys.csv"), keys())
    files.write_whole(paths.clean_data("audition.csv"), by_region())
    files.reload()


if __name__ == "__main__":
    write()

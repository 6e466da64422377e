"""Take the water withdrawals of the régions from the public hub of indicators into ``clean/observed.parquet``.

``.venv/bin/python data/make_water.py FOLDER`` where FOLDER holds ``638.json``, as the hub gives it (indicator 638).
Run again on the same file, it changes nothing. From 2012 on: before, the source leaves out whole uses in several
régions (Hauts-de-France doubles from 2011 to 2012). In millions of m³, as published, to the nearest m³.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd

OBSERVED = Path(__file__).parent / "clean/observed.parquet"
INDICATOR, FIRST, SOURCE = "prelevements_eau", 2012, "ecolab_irpe_2026"


def rows(folder: Path) -> pd.DataFrame:
    """The withdrawals of each région and year."""
    found = json.loads((folder / "638.json").read_text(encoding="utf-8"))
    cube, measure = found["cubeName"], found["measureName"]
    out = [
        (f"reg-{one[f'{cube}.geocode_region']}", int(one[f"{cube}.date_mesure.year"][:4]), float(one[measure]))
        for one in found["data"]
    ]
    table = pd.DataFrame(out, columns=["territory", "year", "value"])
    table = table[table.year >= FIRST].sort_values(["territory", "year"])
    origin = {"unit": "Mm3", "status": "publie", "source": SOURCE}
    return table.assign(indicator=INDICATOR, value=(table.value / 1e6).round(6), **origin)


def main(folder: Path) -> None:
    """Put them in place of those that the table holds."""
    table = pd.read_parquet(OBSERVED)
    kept = table[table.indicator != INDICATOR]
    new = rows(folder)[table.columns].astype(table.dtypes.to_dict())
    pd.concat([kept, new], ignore_index=True).to_parquet(OBSERVED, index=False)
    print(f"{len(new)} valeurs de {new.territory.nunique()} régions, {new.year.min()} à {new.year.max()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

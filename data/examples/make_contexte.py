"""Make the invented list of contrats de ville of Hauts-de-France: ``python data/examples/make_contexte.py``.

Its sums are those that the source prints: 27 contracts read of 39, 177 quarters of 204, 596 000 residents, nine in ten.
Everything else is invented: names, départements, which are read, how many quarters and residents each has.
"""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

CONTRACTS = Path(__file__).parent / "contrats_de_ville_hauts_de_france.csv"
HEAD = ("Contrat de ville", "Sorte", "Département", "Lu", "Quartiers prioritaires", "Habitants en QPV", "À savoir")
DEPARTEMENTS = ("Nord", "Pas-de-Calais", "Aisne", "Oise", "Somme")
READ = {"quarters": 177, "residents": 596_000, "contracts": 27}
ALL = {"quarters": 204, "residents": 662_200, "contracts": 39}
OTHERS = (("Pacte de territoire inventé", "pacte"), ("Débat citoyen inventé", "débat"), ("Guichet inventé", "guichet"))


def shared(whole: int, parts: int) -> list[int]:
    """A whole number in whole parts, the first ones larger; their sum is the whole."""
    weights = [2 * parts - n for n in range(parts)]
    cuts = [round(whole * sum(weights[:n]) / sum(weights)) for n in range(parts + 1)]
    return [after - before for before, after in pairwise(cuts)]


def written() -> list[dict[str, str]]:
    """The contracts that were read, the others, then what is no contrat de ville."""
    rows = []
    groups = (("oui", READ), ("non", {name: ALL[name] - READ[name] for name in READ}))
    for read, sums in groups:
        quarters, residents = (shared(sums[name], sums["contracts"]) for name in ("quarters", "residents"))
        for several, people in zip(quarters, residents, strict=True):
            number = len(rows) + 1
            where = DEPARTEMENTS[number % len(DEPARTEMENTS)]
            cells = (f"Contrat de ville inventé n° {number}", "", where, read, str(several), str(people), "")
            rows.append(dict(zip(HEAD, cells, strict=True)))
    rows += [dict.fromkeys(HEAD, "") | {HEAD[0]: title, "Sorte": kind, "À savoir": "Joint pour le contexte (inventé)"}
             for title, kind in OTHERS]  # fmt: skip
    return [row | {"Exemple inventé": "oui"} for row in rows]


if __name__ == "__main__":
    with CONTRACTS.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, [*HEAD, "Exemple inventé"], delimiter=";", lineterminator="\n")
        writer.writeheader()
        writer.writerows(written())

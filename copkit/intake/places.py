"""Where a project is, from all that its row says: codes and labels of its commune, EPCI, département and région.

A code wins over a label. What a file does not say is deduced from what it says (the région of a département, the
EPCI of a commune), never the other way round, and what does not fit together is reported and kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from copkit.intake import cells, gazetteer
from copkit.intake.fields import PLACES
from copkit.reference import territories

ROLES = {  # what a column of a file may say of a place → the field that it fills
    "commune_code": "commune",
    "commune": "commune",
    "epci_code": "epci",
    "epci": "epci",
    "departement_code": "departement",
    "departement": "departement",
    "commune_departement": "departement",
    "epci_departement": "departement",
    "region_code": "region",
    "region": "region",
}


@dataclass
class Place:
    """Where a project is, and what is wrong with what the file says (role → message)."""

    commune: str = ""
    epci: str = ""
    departement: str = ""
    region: str = ""
    region_label: str = ""
    wrong: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, tuple[str, ...]] = field(default_factory=dict)  # role → suggestions


def locate(said: dict[str, str]) -> Place:
    """Where a project is, from all that its row says of places (``ROLES`` → text).

    >>> place = locate({"commune_code": "59350"})
    >>> place.departement, place.region, place.epci
    ('dep-59', 'reg-32', 'epci-200093201')
    """
    place = Place()
    texts = {role: said.get(role, "") for role in ROLES}
    for role in ("departement_code", "departement", "commune_departement", "epci_departement"):
        if texts[role] and not place.departement and not (place.region_label and role.startswith("departement")):
            place.departement, outside, close = gazetteer.departement(texts[role])
            place.region_label = place.region_label or outside
            if not place.departement and not outside:
                place.wrong[role] = "département inconnu. Écrire son code (59, 2A, 971) ou son nom officiel."
                place.unknown[role] = close
        elif texts[role] and role == "departement" and place.departement:
            other = gazetteer.departement(texts[role])[0]
            if other and other != place.departement:
                said = _said(place.departement)
                place.wrong[role] = f"le code de la même ligne désigne {said} : c'est lui qui est gardé. Corriger l'un."
    _region(place, texts)
    _commune(place, texts)
    _epci_of(place, texts)
    known = gazetteer.lists()
    if not place.departement and place.epci and len(known.epci[place.epci[5:]][1]) == 1:
        place.departement = known.epci[place.epci[5:]][1][0]
    if not place.region and not place.region_label and place.departement:
        place.region = territories.region_of(place.departement)
    if not place.region and place.epci and not place.departement and len(known.epci[place.epci[5:]][2]) == 1:
        place.region = known.epci[place.epci[5:]][2][0]
    if place.region:
        place.region_label = territories.name(place.region)
    return place


def located(codes: pd.Series) -> pd.DataFrame:
    """Commune, EPCI, département and région of territories of any level, as far as a code tells them."""
    heads = {"com": "commune", "epci": "epci", "dep": "departement", "reg": "region"}

    def one(code: str) -> tuple:
        level = heads.get(code.partition("-")[0])
        return (locate({f"{level}_code": code} if level else {}),)

    (found,) = cells.by_text(codes, one)
    return pd.DataFrame({name: [getattr(place, name) for place in found] for name in PLACES}, codes.index, dtype="str")


def _region(place: Place, texts: dict[str, str]) -> None:
    role = "region_code" if texts["region_code"] else "region"
    if not texts[role]:
        return
    place.region, outside, close = gazetteer.region(texts[role])
    if outside:
        place.region_label = outside
    elif not place.region:
        place.region_label = texts[role]
        place.wrong[role] = "région inconnue. Écrire son code (32) ou son nom officiel."
        place.unknown[role] = close
    elif place.departement and territories.region_of(place.departement) != place.region:
        inside = territories.name(territories.region_of(place.departement))
        place.wrong[role] = (
            f"le département de la même ligne est dans la région {inside} : les deux sont gardés. Corriger l'un."
        )


def _commune(place: Place, texts: dict[str, str]) -> None:
    role = "commune_code" if texts["commune_code"] else "commune"
    if not texts[role]:
        return
    place.commune, wrong = gazetteer.commune(texts["commune_code"], texts["commune"], place.departement)
    if wrong:
        place.wrong[role] = wrong
        place.unknown[role] = ()
    if not place.commune:
        return
    inside = f"dep-{gazetteer.departement_of(place.commune[4:])}"
    if not place.departement and not place.region_label:
        place.departement = inside
    elif place.departement and inside != place.departement and not wrong:
        place.wrong[role] = (
            f"commune du département {_said(inside)}, la ligne dit {_said(place.departement)} : les deux sont gardés. "
            "C'est souvent le siège du porteur : vérifier le lieu du projet."
        )


def _epci_of(place: Place, texts: dict[str, str]) -> None:
    role = "epci_code" if texts["epci_code"] else "epci"
    if texts[role]:
        place.epci, wrong, close = gazetteer.epci(texts["epci_code"], texts["epci"], place.departement)
        if wrong:
            place.wrong[role] = wrong
            place.unknown[role] = close
    elif place.commune:
        place.epci = gazetteer.lists().communes.get(place.commune[4:], ("", "", "", ""))[3]


def _said(departement: str) -> str:
    return f"{territories.name(departement)} ({departement[4:]})"


def offered(code: str) -> dict[str, str]:
    """The territories that the list of a workbook offers: régions and départements, and the EPCI of one of them."""
    levels = ("departement",) if code == "fr" else ("departement", "epci")
    regions = territories.codes("region") if code == "fr" else [territories.region_of(code)]
    named = {one: territories.name(one) for one in regions if len(territories.departements_of(one)) > 1}
    for level in levels:
        found = territories.territories(level, within=code)
        named |= dict(zip(found.code, found.name, strict=True))
    twice = pd.Series(named).duplicated(keep=False)
    return {one: f"{label} ({one})" if twice[one] else label for one, label in named.items()}

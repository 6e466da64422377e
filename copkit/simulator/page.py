"""What the page of a territory shows whatever the visitor enters: territories, levers and their figures, sources."""

from __future__ import annotations

import copy
import math

import xarray as xr

from copkit import escaping, french
from copkit.files import kept
from copkit.models import compensation, conversion, gaps, interactions, limits, nomenclatures, panorama, provenance
from copkit.models.levers import FOREST
from copkit.models.limits import Limit
from copkit.presentation import labels, theme
from copkit.presentation.territory import about
from copkit.reference import framework, parameters, territories, units
from copkit.simulator import gauge, links, official_links, tiles, trajectory
from copkit.simulator.actions import POLICIES
from copkit.simulator.ground import Ground, ground, known, place


def page(code: str, version: str = panorama.LATEST) -> dict:
    """Ce qui ne change pas tant qu'on joue, en JSON.

    Parameters
    ----------
    code : une région, un département, un EPCI ou « fr ».
    version : version des données.

    Returns
    -------
    dict : territory, territories, levers (du plus grand au plus petit), enjeux, thematiques, sectors, plans,
        panorama (où sont les tuiles), chains (leviers qui se recouvrent), texts, sources ; ``figures`` : combien de
        chiffres valent les valeurs (0 : toutes) ; ``moved`` : ce que changent les autres versions des données.
        [ktCO2e/an et unités des leviers] ; inconnu : None.

    Raises
    ------
    TerritoryError
        Si le code est inconnu, ambigu ou d'un autre niveau.
    """
    return copy.deepcopy(_page(place(code), version))


@kept(maxsize=128)
def _page(code: str, version: str) -> dict:
    here = ground(code, version)
    return {
        "territory": {**_place(code), "label": french.typeset(labels.of(code))},
        "territories": [_place(one) for one in territories.territories().code],
        "version": version,
        "latest": panorama.LATEST,
        "moved": _moved(here),
        "figures": here.worth,
        "sources": _sources(here),
        "status_labels": labels.STATUSES,
        "levers": [_lever(here, lever) for lever in here.tiles],
        "enjeux": [{"id": one.id, "label": french.typeset(one.label)} for one in framework.items("enjeux")],
        "thematiques": [
            {"id": name, "label": label, "colour": theme.THEMATIQUES[name]}
            for name, label in labels.thematiques().items()
        ],
        "sectors": _sectors(here),
        "plans": _plans(here),
        "policies": [{"id": name, "label": french.typeset(label)} for name, label in POLICIES.items()],
        "forest_lever": FOREST if FOREST in here.limits else "",
        "panorama": {name: tiles.places(here, name) for name in tiles.VISIONS},
        "chains": [_chain(one) for one in here.chains],
        "official": official_links.address(code),
        "texts": _texts(here),
        "sentences": _sentences(),
    }


def _place(code: str) -> dict:
    return {"code": code, "name": territories.name(code), "level": territories.level(code)}


def _moved(here: Ground) -> dict[str, dict[str, list]]:
    """Other version of the data → the levers whose reference or quantity of 2030 it changes, with its own of both."""
    code, mine = here.p.attrs["territory"], here.p.attrs["version"]

    def pairs(limits: dict) -> dict[str, list]:
        return {lever: [known(one.target), known(one.quantity)] for lever, one in limits.items()}

    now, others = pairs(here.limits), [version for version in panorama.versions() if version != mine]
    then = {version: pairs(ground(code, version).limits) for version in others}
    return {
        version: {lever: one.get(lever, [None, None]) for lever in now if one.get(lever) != now[lever]}
        for version, one in then.items()
    }


def _sectors(here: Ground) -> list[dict]:
    found = {tile.sector: tile.sector_label for tile in here.tiles.values()}
    order = [name for name in (*panorama.SECTORS, *found) if name in found]
    return [{"id": name, "label": found[name]} for name in dict.fromkeys(order)]


def _plans(here: Ground) -> list[dict]:
    return [
        {
            "id": name,
            "label": french.typeset(here.plan_labels[name]),
            "convention": french.typeset(gauge.against(here.plan_labels[name])),
            "totals": totals,
        }
        for name, totals in here.plans.items()
    ]


def _lever(here: Ground, lever: str) -> dict:
    """A lever with its figures, its bounds and where they come from."""
    limit, tile, known_lever = here.limits[lever], here.tiles[lever], parameters.levers()[lever]
    one = here.p.sel(lever=lever)
    return {
        "id": lever,
        "order": tile.rank,
        "label": tile.label,
        "thematique": tile.chantier,
        "thematique_label": tile.chantier_label,
        "colour": theme.THEMATIQUES[tile.chantier],
        "sector": tile.sector,
        "sector_label": tile.sector_label,
        "target": known(limit.target),
        "shown": tile.shown,
        "figures": here.figures[lever],
        "shared_out": lever in here.shared_out,
        "unit": french.typeset(tile.unit),
        "quantity_label": french.typeset(known_lever.quantity.label) if known_lever.quantity else "",
        "start": known(float(one.baseline)),
        "limit": _limit(limit),
        "range": "" if limit.closed or math.isnan(limit.target) else french.typeset(limit.range()),
        "low": known(float(one.low)) if "low" in here.p else None,
        "high": known(float(one.high)) if "high" in here.p else None,
        "official_id": known_lever.nomenclatures.simulateur or "",
        "official_label": _official_label(known_lever.nomenclatures.simulateur, tile.label),
        "words": french.plain(f"{tile.label} {known_lever.quantity.label if known_lever.quantity else ''}"),
        "done": links.seen(limit, _observed(here, lever)),
        "closed": french.typeset(limit.closed),
        "translated": limit.translated,
        "status": str(one.status.values),
        "status_label": labels.STATUSES[str(one.status.values)],
        "grade": str(one.grade.values),
        "key_label": french.typeset(str(one.reason.values)),
        "enjeux": list(tile.enjeux),
        "rationale": french.typeset(nomenclatures.rationale(lever)),
        "comment": french.typeset(" ".join(known_lever.note.split())),
        "decimals_kt": 1,
        "decimals_quantity": decimals(limit),
        "observed": _observed(here, lever),
        "why": _why(here, limit, one),
    }


def _official_label(name: str | None, label: str) -> str:
    """The name of the lever on the official simulator, where it is another one."""
    found = french.typeset(_official_labels().get(name or "", ""))
    written = (french.plain(text).replace("&", "et") for text in (found, label))
    return "" if next(written) in next(written) else found


@kept(maxsize=4)
def _official_labels() -> dict[str, str]:
    table = nomenclatures.crosswalk("simulateur")
    return dict(zip(table.id, table.label, strict=True))


def _chain(one: interactions.Chain) -> dict:
    """Levers that act on the same quantity, in their order."""
    steps = [list(names) for _, names in one.steps]
    return {"id": one.group.id, "label": french.typeset(one.group.label), "base": known(one.base), "steps": steps}


def _limit(limit: Limit) -> dict:
    """The figures that the rules of the page read (``scenario.js``)."""
    names = ("target", "quantity", "start", "slope", "kt_max", "quantity_min", "quantity_max")
    texts = {"unit": units.label(limit.unit) if limit.unit else "", "why": limit.why, "closed": limit.closed}
    figures = {name: known(getattr(limit, name)) for name in names}
    said = {name: french.typeset(text) for name, text in texts.items()}
    return figures | said | {"translated": limit.translated, "empty": limit.empty}


def _sentences() -> dict[str, str]:
    """What the rules say, as patterns."""
    asked = {f"compensate_{name}": text for name, text in compensation.SENTENCES.items()}
    said = {**limits.SENTENCES, **gaps.SENTENCES, **gauge.SENTENCES, "kt": limits.KT_LABEL}
    said |= {**asked, **links.SENTENCES, **interactions.SENTENCES}
    return {name: french.typeset(text) for name, text in said.items()}


def decimals(limit: Limit) -> int:
    """Enough decimals for a step of the field to be worth about one kt at most, and three significant digits."""
    if not limit.translated:
        return 0
    size = max(abs(limit.quantity), abs(limit.start), 1e-9)
    return min(6, max(0, 2 - math.floor(math.log10(size)), math.ceil(-math.log10(abs(limit.slope)))))


def _observed(here: Ground, lever: str) -> dict | None:
    seen = trajectory.observed(here.p.attrs["territory"], lever)
    return None if seen is None else {name: value for name, value in seen.items() if name != "rows"}


def _why(here: Ground, limit: Limit, one: xr.Dataset) -> dict:
    """« Pourquoi ce chiffre ? » : formule, coefficient, source, statut, année, dans les deux sens (``ck.convert``)."""
    source = parameters.sources().get(str(one.source.values))
    common = {
        "coefficient": known(limit.slope) if limit.translated else None,
        "coefficient_unit": french.typeset(f"{units.label(limit.unit)} par ktCO2e/an") if limit.translated else "",
        "source": str(one.source.values),
        "source_title": french.typeset(f"{source.publisher}, {source.title}") if source else "",
        "year": source.year if source else "",
        "status": str(one.status.values),
        "version": here.p.attrs["version"],
    }
    if limit.closed or math.isnan(limit.target):
        reason = limit.closed or "valeur inconnue dans ce territoire"
        said = {"formula": french.typeset(f"Valeur reprise telle que publiée ; {reason}."), "limits": []}
        return {"kt": common | said, "quantity": None}
    numbers = {"done": 0.0, "typed_kt": True, "as_published": False}
    found = conversion._explained(here.p, limit, limit.target, limit.quantity, **numbers)
    notes = [french.typeset(text) for text in found.limits]
    if not limit.translated:
        said = "Objectif publié, sans traduction en quantité physique dans ce territoire."
        return {"kt": common | {"formula": french.typeset(said), "limits": notes}, "quantity": None}
    back = conversion._formula(limit, typed_kt=False, as_published=False)
    return {
        "kt": common | {"formula": french.typeset(back), "limits": notes},
        "quantity": common
        | {
            "formula": french.typeset(found.formula),
            "limits": notes,
            "coarse": found.coarse,
            "derived_coefficient": found.derived_coefficient,
            "derived_quantity": found.quantity_derived,
            "derived_method": french.typeset(found.derived_method),
        },
    }


def _sources(here: Ground) -> list[dict]:
    found = ((key, parameters.sources().get(key), use) for key, use in provenance.sources(here.p).items())
    return [
        {
            "id": key,
            "title": french.typeset(f"{one.publisher}, {one.title}{f' ({use})' if use else ''}"),
            "year": one.year,
            "licence": french.typeset(one.licence),
            "url": one.locator,
        }
        for key, one, use in found
        if one
    ]


def _texts(here: Ground) -> dict:
    code, name = here.p.attrs["territory"], here.p.attrs["name"]
    texts = {
        "title": f"Simulateur de la planification écologique : {name}",
        "status": (
            f"{french.capital(labels.REFERENCES['sgpe'])}, base de discussion, non "
            "prescriptive. Émissions évitées en 2030 par rapport à 2019, en ktCO2e/an."
        ),
        "calendar": labels.calendar(code),
        "worth": (
            f"Ce que valent ces chiffres : un ordre de grandeur. {escaping.unmarked(str(about.worth(here.p)))}"
            if panorama.small(here.p)
            else ""
        ),
        "forest": (
            "L'objectif du levier forêt n'est pas régionalisé : chaque total existe avec et sans lui, et les parts "
            "sont calculées sans lui."
            if FOREST in here.limits
            else "Aucun objectif de forêt n'est proposé dans ce territoire : les deux totaux sont les mêmes."
        ),
        "hidden": labels.hidden(here.p),
        "hidden_word": labels.HIDDEN,
        "first_order": conversion.FIRST_ORDER,
        "licence": "Données : Licence Ouverte 2.0 ou celle de leur source. Code : MIT.",
        "version": f"Données : version {here.p.attrs['version']}.",
        "overseas": (
            "Outre-mer : le simulateur officiel ne publie pas de traduction physique ; les leviers s'y règlent en "
            "ktCO2e/an."
            if territories.is_overseas(code)
            else ""
        ),
        "departement": (
            "Valeurs du département déduites de celles de sa région par des clés de répartition, notées A "
            "(3 % de l'effort au plus dans la mauvaise région), B (10 %) ou C (au-delà)."
            if panorama.allocated(here.p) and panorama.broad(here.p)
            else ""
        ),
        "plans": _about_plans(here),
    }
    return {key: french.typeset(text) for key, text in texts.items()}


def _about_plans(here: Ground) -> str:
    if not here.plans:
        return "Aucun autre plan (SRADDET, PCAET) n'est chargé pour ce territoire : la référence est celle du SGPE."
    names = french.join(here.plan_labels.values())
    return f"{french.capital(names)} : connu par secteur seulement, et hors forêt."

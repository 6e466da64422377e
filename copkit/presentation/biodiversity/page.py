"""« La page »: where the territory stands on biodiversity and resources, on one sheet."""

from __future__ import annotations

import xarray as xr

from copkit import french
from copkit.models import biodiversity as model
from copkit.models.biodiversity import Measure
from copkit.presentation.biodiversity import words
from copkit.presentation.blocks import Page
from copkit.presentation.document import Section
from copkit.presentation.text import lower
from copkit.reference import territories

PAGE = Section("page", 5)
TITLES = {
    "levers": "Mesures et cibles",
    "moves": "Ce qui va dans le sens du levier depuis 2019",
    "still": "Ce qui va à rebours depuis 2019",
    "sure": "Ce qui manque pour en juger",
    **{"lever": "Mesure", "quantity": "Dernière valeur", "detail": "Cible"},
}
MESSAGES, LEVERS, MOVES, QUESTIONS = 3, 5, 3, 3  # how many of each, at most


@PAGE.sentence()
def page(p: xr.Dataset, answers: str = "") -> Page:
    """La page du territoire : où en sont ses mesures, trois messages, ce qui bouge, ce qui manque, trois questions."""
    found = model.of(p)
    compared = _headlines([one for one in found if one.state in (model.REACHED, model.AHEAD)])
    reached = sum(one.state == model.REACHED for one in found)
    every = sum(one.state in (model.REACHED, model.AHEAD) for one in found)
    observed = sum(bool(one.points) for one in found)
    first, others = compared[:MESSAGES], compared[MESSAGES : MESSAGES + LEVERS]
    code = p.attrs["territory"]
    return Page(
        title=french.typeset(p.attrs["name"]),
        subtitle=french.typeset(
            f"{french.capital(territories.level_label(code))} · biodiversité et ressources d'ici 2030"
        ),
        effort=_typeset(
            f"{reached} sur {every}",
            "mesures à leur cible" if every > 1 else "mesure à sa cible",
            f"{every} des {len(found)} mesures se comparent à une cible chiffrée",
        ),
        context=_typeset(
            f"{len({one.lever for one in found})} des 43 leviers de la COP servent la biodiversité ou les ressources.",
            f"{observed} de leurs {len(found)} mesures ont une valeur observée{_borrowed(found)}.",
        ),
        messages=tuple(_typeset(*_message(one)) for one in first),
        levers=tuple(_typeset(french.capital(one.measure), words.value(one), _aim(one)) for one in others),
        moves=_typeset(*map(_moved, _moving(found, 1.0))),
        still=_typeset(*map(_moved, _moving(found, -1.0))),
        sure=french.typeset(_missing(found)),
        questions=_typeset(*_questions(found, first)),
        source=french.typeset(
            "Séries observées (hub d'Écolab, simulateur et baromètre du SGPE) ; cibles : sous-jacents du SGPE et "
            f"simulateur territorial, indicatives · version {p.attrs['version']}."
        ),
        named=TITLES,
    )


def _borrowed(found: list[Measure]) -> str:
    count = sum(one.borrowed for one in found)
    return f", dont {count} à la région, faute de série départementale" if count else ""


def _typeset(*parts: str) -> tuple[str, ...]:
    return tuple(map(french.typeset, parts))


def _headlines(found: list[Measure]) -> list[Measure]:
    """One measure per lever."""
    return list({one.lever: one for one in reversed(found)}.values())[::-1]


def _aim(one: Measure) -> str:
    level = "objectif régional indicatif" if one.target.level == model.REGIONAL else "cible nationale"
    return f"{level} : {words.target(one)}"


def _message(one: Measure) -> tuple[str, str]:
    state = "La cible est atteinte" if one.state == model.REACHED else f"Reste à faire : {words.distance(one)}"
    return f"{one.label} : {words.value(one)}.", f"{french.capital(one.measure)}, {_aim(one)}. {state}."


def _moving(found: list[Measure], way: float) -> list[Measure]:
    """The measures that move one way since the base year, in the order of the panorama, one per lever."""
    return _headlines([one for one in found if one.moved * way > 0 and model.rank(one.enjeux) < 2])[:MOVES]


def _moved(one: Measure) -> str:
    (first, before), (last, after) = one.since
    start, end = words.quantity(one, before), words.quantity(one, after)
    return f"{french.capital(one.measure)} : {start} en {first}, {end} en {last}{words.whose(one)}."


def _missing(found: list[Measure]) -> str:
    none = [one for one in found if one.target.level == model.NONE]
    later = [one for one in found if one.target.level == model.TO_BE_DEFINED]
    followed = {one.lever for one in found if one.points}
    absent = {one.lever for one in found} - followed
    unsure = words.names(one for one in found if one.state == model.UNSURE)
    return (
        f"Pas de cible : {words.names(none)}. Définition à venir : {words.names(later)}. "
        f"{f'{french.capital(model.UNSURE)}, qui ne se juge pas : {unsure}. ' if unsure else ''}"
        f"Donnée à construire pour {french.plural(len(absent), 'levier')}."
    )


def _questions(found: list[Measure], first: list[Measure]) -> list[str]:
    left = [one for one in first if one.state == model.AHEAD]
    asked = [f"Qui peut agir ici sur « {lower(one.label)} », et jusqu'où d'ici 2030 ?" for one in left[: QUESTIONS - 1]]
    followed = {one.lever for one in found if one.points}
    absent = [one for one in found if one.lever not in followed and model.rank(one.enjeux) == 0]
    if absent:
        asked.append(f"Qui construit la donnée qui manque : {words.names(absent)} ?")
    return asked

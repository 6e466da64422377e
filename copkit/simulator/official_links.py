"""Links of the official simulator: ``/territoire/<région>/…?c-<id>=<done>&t-<id>=<what is added>``, whole ktCO2e/an.

They carry no version and know the régions only; what they ask of a closed lever is refused and said.
"""

from __future__ import annotations

import math
from urllib.parse import quote

from copkit import french
from copkit.models import panorama
from copkit.models.official import js_round
from copkit.models.scenario import settle
from copkit.reference import parameters, territories
from copkit.simulator.ground import ground
from copkit.simulator.state import LARGEST, Entry, State, accepted, label_of, version_of

ADDRESS = "https://planification-territoires.ecologie.gouv.fr/territoire/{slug}/ambition"
HOST = "planification-territoires"
DONE, ADDED = "c-", "t-"
_SLUGS = {"reg-93": "paca"}


def concerns(host: str, pairs: list[tuple[str, str]]) -> bool:
    """True for an address of the official simulator, or for its keys."""
    return HOST in host or any(key.startswith((DONE, ADDED)) for key, _ in pairs)


def slug(code: str) -> str:
    """The name of a région in the addresses of the official simulator.

    >>> slug("reg-32"), slug("reg-93"), slug("reg-11")
    ('hauts-de-france', 'paca', 'ile-de-france')
    """
    return _SLUGS.get(code) or french.plain(territories.name(code)).replace(" ", "-")


def from_official(path: str, pairs: list[tuple[str, str]], default: str, notes: list[str]) -> State:
    """The state of a link: what is added stands beyond what is done."""
    asked = [part for part in path.split("/") if part]
    slugs = {slug(code): code for code in territories.territories("region").code}
    named = next((slugs[part] for part in asked if part in slugs), None)
    code = named or default
    if not named and "territoire" in asked:
        notes.append(f"Lien officiel : région inconnue ; ouvert sur {territories.name(default)}.")
    state = State(territory=code)
    known = ground(state.territory, version_of(state)).limits
    ids = {lever.nomenclatures.simulateur: lever.id for lever in parameters.levers().values()}
    done, added = _whole(DONE, pairs, ids, known, notes), _whole(ADDED, pairs, ids, known, notes)
    entries = {lever: Entry(done=value) for lever, value in done.items() if value}
    for lever, value in added.items():
        before = done.get(lever, 0.0)
        entries[lever] = Entry(value=before + value, done=before)
    settled = settle(known, entries)
    for lever, one in settled.items():
        if one.done_error or one.error:
            what = ", déjà fait" if one.done_error else ""
            notes.append(f"Lien officiel, {label_of(lever)}{what} : {one.done_error or one.error}")
    notes.append(
        "Lien du simulateur officiel : il ne porte pas de version ; ses valeurs, en ktCO2e entières, sont lues sur "
        f"les données « {panorama.LATEST} »."
    )
    return accepted(state.having(levers=entries), settled)


def _whole(prefix: str, pairs: list, ids: dict[str, str], known: dict, notes: list[str]) -> dict[str, float]:
    """Lever → kt of the keys of a prefix; the official simulator reads a negative value as zero."""
    found = {}
    for key, text in pairs:
        if not key.startswith(prefix):
            continue
        lever = ids.get(key.removeprefix(prefix))
        if lever not in known:
            notes.append(f"Lien officiel : levier inconnu ici, « {key[:40]} », laissé de côté.")
            continue
        try:
            value = float(text)
            if not math.isfinite(value) or abs(value) > LARGEST:
                raise ValueError
        except ValueError:
            notes.append(f"Lien officiel, {label_of(lever)} : « {text[:20]} » n'est pas un nombre, laissé de côté.")
            continue
        if value < 0:
            said = f"{french.number(value, 0)} ktCO2e/an est négatif, lu comme 0, ainsi que le simulateur officiel"
            notes.append(f"Lien officiel, {label_of(lever)} : {said}.")
        found[lever] = max(float(js_round(value)), 0.0)
    return found


def address(code: str) -> str:
    """The page of a territory on the official simulator; empty outside of the régions of the mainland."""
    if territories.level(code) != "region" or territories.is_overseas(code):
        return ""
    return ADDRESS.format(slug=slug(code))


def official_link(state: State) -> str:
    """Le lien officiel d'une saisie acceptée, en ktCO2e entières ; vide hors des régions de métropole."""
    code = state.territory
    if not (found := address(code)):
        return ""
    known, pairs = ground(code, version_of(state)).limits, []
    for lever, one in settle(known, state.levers).items():
        done, added = js_round(one.done), js_round(one.kt - one.done) if math.isfinite(one.kt) else None
        if known[lever].closed:
            added = None
        name = parameters.levers()[lever].nomenclatures.simulateur
        pairs += [(DONE + name, str(done))] if done else []
        if added is not None and added != js_round(max(one.target - one.done, 0)):
            pairs.append((ADDED + name, str(max(added, 0))))
    query = "&".join(f"{quote(key)}={value}" for key, value in pairs)
    return found + (f"?{query}" if query else "")

"""The rules of the triage (``parameters/triage.yml``): their reading, and what makes a set of rules sound."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from copkit import french, paths
from copkit.errors import unknown
from copkit.files import kept
from copkit.models import nomenclatures
from copkit.projects.fields import BODIES, CATEGORIES, MATURITIES
from copkit.projects.sorting import facts
from copkit.projects.sorting.schema import Missing, Rules
from copkit.reference import parameters, reading

FILE = "triage.yml"
YEARS = ("annee", "annee_suivante")
IN_A_REASON = ("contribution", "dimension", "maturity", "readiness", "other_issue", "lever", "start", *YEARS)
IN_A_PHRASE = ("par_levier", "lever", "leviers", "maturity", "start", *YEARS)
SAID = ("contribution", "dimension", "maturity", "other_issue")


def rules(path: str | Path | None = None) -> Rules:
    """The rules of ``parameters/triage.yml``, or of another file of the same form.

    Raises
    ------
    ParameterError
        If the file is damaged, or if a rule can never apply: all its problems at once.
    """
    return _read(Path(path or paths.parameters(FILE)))[0]


def fingerprint(path: str | Path | None = None) -> str:
    """Twelve characters that change with the file: they tell which rules gave a result."""
    return _read(Path(path or paths.parameters(FILE)))[1]


@kept(maxsize=8)
def _read(path: Path) -> tuple[Rules, str]:
    return reading.read_checked(path, Rules, _faults), hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _faults(found: Rules, _: dict) -> list[tuple]:
    said = [*_names(found), *_conditions(found), *_wordings(found), *_bounds(found)]
    return said or list(_unreachable(found))


def _names(found: Rules):
    """Sources that exist, categories and bodies that are all there, rules with different names."""
    known = list(parameters.sources())
    named = [(("sources", i), source) for i, source in enumerate(found.sources)]
    named += [(("categories", i, "source"), one.source) for i, one in enumerate(found.categories)]
    for at, source in [*named, (("criteria", "source"), found.criteria.source)]:
        if source not in known:
            yield at, unknown(f"source inconnue « {source} »", source, known, remedy=parameters.ADD_SOURCE)
    lists = (("categories", CATEGORIES, found.categories), ("bodies", tuple(BODIES), found.bodies))
    for block, expected, given in lists:
        if sorted(one.id for one in given) != sorted(expected):
            yield (block,), f"{block} : écrire une fois chacun de {', '.join(expected)}."
    seen: set[str] = set()
    for i, rule in enumerate(found.rules):
        if rule.id in seen:
            yield ("rules", i, "id"), f"règle « {rule.id} » : ce nom est déjà pris. En choisir un autre."
        seen.add(rule.id)


def _conditions(found: Rules):
    """Facts and values that exist; the last rule, and it alone, takes every project."""
    for i, rule in enumerate(found.rules):
        for name, values in rule.when.items():
            allowed, at = facts.choices(name), ("rules", i, "when", name)
            if not allowed:
                yield at, unknown(f"règle « {rule.id} » : fait inconnu « {name} »", name, facts.FACTS, "Faits")
            for n, value in enumerate(values if allowed else ()):
                if value not in allowed:
                    wrong = f"règle « {rule.id} », {name} : valeur inconnue « {value} »"
                    yield (*at, n), unknown(wrong, value, allowed, "Valeurs admises")
        if not rule.when and rule is not found.rules[-1]:
            yield ("rules", i), f"règle « {rule.id} » : sans condition, elle cache les suivantes. La mettre en dernier."
    if found.rules[-1].when:
        last = f"règle « {found.rules[-1].id} »"
        yield ("rules", len(found.rules) - 1), f"{last} : la dernière règle prend tout le reste. Retirer « when »."


def _wordings(found: Rules):
    """Sentences that only name what is known, and a phrase for each value of a fact."""
    texts = [(("rules", i, "reason"), rule.reason, IN_A_REASON) for i, rule in enumerate(found.rules)]
    for i, one in enumerate(found.categories):
        texts += [(("categories", i, part), getattr(one, part), YEARS) for part in ("label", "definition")]
    for name in SAID:
        given = getattr(found.phrases, name)
        texts += [(("phrases", name, value), text, IN_A_PHRASE) for value, text in given.items()]
        if lost := set(facts.FACTS[name]) ^ set(given):
            yield ("phrases", name), f"phrases.{name} : phrase absente ou en trop pour {', '.join(sorted(lost))}."
    for name in ("late_start", "past_start"):
        texts += [(("phrases", name), getattr(found.phrases, name), IN_A_PHRASE)]
    texts += [
        (("missing", name), getattr(found.missing, name), ("lever", "les_leviers")) for name in Missing.model_fields
    ]
    for at, text, allowed in texts:
        for word in re.findall(r"{([^{}]*)}", text):
            if word not in allowed:
                yield at, unknown(f"« {{{word}}} » inconnu", word, allowed, "Mots admis")
        if re.search(r"[{}]", re.sub(r"{[^{}]*}", "", text)):
            yield at, "accolade seule. Les accolades vont par deux, autour d'un mot admis."


def _bounds(found: Rules):
    """Thresholds in order, years and months that mean something, levers that exist."""
    limits, rank = found.thresholds, list(MATURITIES).index
    if not rank(limits.ready_dated) <= rank(limits.ready) < rank(limits.done):
        wrong = f"{limits.ready_dated}, {limits.ready}, {limits.done}"
        yield ("thresholds",), f"thresholds : ready_dated, puis ready, puis done, de la moins à la plus mûre ({wrong})."
    if not 1990 <= found.year <= 2100:
        yield ("year",), f"year : {found.year} n'est pas une année de COP. Écrire une année de 1990 à 2100."
    if not 0 <= limits.start_within_years <= 10:
        yield ("thresholds", "start_within_years"), "start_within_years : écrire un nombre d'années de 0 à 10."
    if not found.criteria.horizon_months > 0:
        yield ("criteria", "horizon_months"), "horizon_months : écrire un nombre de mois au-dessus de 0."
    for i, lever in enumerate(found.presumption.unspecific):
        if lever not in (known := nomenclatures.lever_labels()):
            wrong = unknown(f"levier inconnu « {lever} »", lever, known, remedy="Le retirer.")
            yield ("presumption", "unspecific", i), wrong


def _unreachable(found: Rules):
    """Rules that no project can reach, with those that take their cases."""
    waiting, taken = {rule.id for rule in found.rules}, {rule.id: set() for rule in found.rules}
    for raw in facts.everything(found):
        known = facts.facts(raw, found)
        first = found.first(known)
        waiting.discard(first.id)
        if not waiting:
            return
        for rule in found.rules:
            if rule.id in waiting and rule.applies(known):
                taken[rule.id].add(first.id)
    for i, rule in enumerate(found.rules):
        if rule.id in waiting:
            before = [f"« {one.id} »" for one in found.rules if one.id in taken[rule.id]]
            verb = "prend" if len(before) == 1 else "prennent"
            why = f"{french.join(before)} {verb} tous ses cas" if before else "ses conditions s'excluent"
            yield ("rules", i), f"règle « {rule.id} » : elle ne s'applique jamais, {why}. La remonter ou la retirer."

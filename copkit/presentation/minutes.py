"""The minutes of a live session: who took part, what was proposed in each round, what was kept. Nobody is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import xarray as xr

from copkit import __version__, french
from copkit.models.limits import Limit
from copkit.models.scenario import Standing
from copkit.models.spread import Spread, by_disagreement
from copkit.presentation import blocks, labels
from copkit.presentation.table import Table
from copkit.presentation.text import Text
from copkit.reference import units

FIRST = 5  # levers named among those on which the room is furthest apart
DRAFT = "à justifier"
WITHOUT_ROLE = "Sans rôle indiqué"


@dataclass(frozen=True, kw_only=True)
class Round:
    """A round. ``people``: who proposed something; ``carried``: proposals of the round before that were left as such.

    ``sums``: without and with the forest, what the median scenario adds up to. [ktCO2e/an]
    """

    number: int
    opened: datetime
    closed: datetime | None
    people: int
    proposals: int
    carried: int
    spreads: dict[str, Spread]
    sums: dict[str, dict[str, float]]


@dataclass(frozen=True, kw_only=True)
class Minutes:
    """A session. ``roles``: label, or nothing for those who said none → how many.

    ``kept``: the scenario that was kept, of ``kept_round``, if any; ``medians``: its levers where it is the median.
    """

    p: xr.Dataset
    limits: Mapping[str, Limit]
    made: datetime
    roles: dict[str, int]
    rounds: list[Round]
    kept: dict[str, Standing] | None
    kept_sums: dict[str, dict[str, float]] | None
    kept_round: int
    kept_at: datetime | None
    medians: tuple[str, ...]
    reason: str


def document(about: Minutes) -> blocks.Description:
    """The minutes as a document."""
    place = about.p.attrs["name"]
    version = about.p.attrs["version"]
    shown = [*_decision(about), *_people(about)]
    for one in about.rounds:
        shown += _round(about, one)
    shown += _method()
    return blocks.Description(
        title=french.typeset(f"Compte rendu de la séance {labels.of(about.p.attrs['territory'])}"),
        kind="Compte rendu de séance",
        place=place,
        status="Base de discussion, non prescriptive",
        made=about.made.date(),
        versions=french.typeset(f"Données : version {version}, copkit {__version__}"),
        footer=french.typeset(f"copkit {__version__}, données {version}, séance du {french.short_date(about.made)}"),
        blocks=tuple(shown),
    )


def _heading(text: str) -> blocks.Heading:
    return blocks.Heading(2, french.typeset(text))


def _said(text: Text) -> list[blocks.Prose]:
    return [blocks.Prose(text._repr_markdown_())]


def _decision(about: Minutes) -> list[blocks.Block]:
    shown: list[blocks.Block] = [_heading("Ce que la salle a retenu")]
    if about.kept is None or about.kept_sums is None or about.kept_at is None:
        return [*shown, *_said(Text("Aucun scénario n'a été retenu. Les propositions de chaque tour sont plus bas."))]
    at, reason = french.moment(about.kept_at), about.reason.strip()
    head = Text("Scénario retenu le {}, à l'issue du tour {}.", at, str(about.kept_round))
    why = Text("**Motif.** {}", reason) if reason else Text("**Motif.** Aucun : chaque écart reste {}.", DRAFT)
    moved = {lever: one for lever, one in about.kept.items() if one.changed}
    shown += [*_said(Text.joined([head, why])), blocks.table(_sums("Totaux du scénario retenu", about.kept_sums))]
    if not moved:
        return [*shown, *_said(Text("Chaque levier est gardé à sa référence."))]
    rows = [(about.limits[lever], one) for lever, one in moved.items()]
    table = Table.of(
        "Ce qui change par rapport à la référence",
        {
            "Levier": [limit.label for limit, _ in rows],
            "Référence (ktCO2e/an)": ([one.target for _, one in rows], french.quantity),
            "Retenu (ktCO2e/an)": ([one.kt for _, one in rows], french.quantity),
            "Écart (ktCO2e/an)": ([one.kt - one.target for _, one in rows], _difference),
            "Retenu, en quantité": [_quantity(limit, one.quantity) for limit, one in rows],
            "D'où": ["médiane" if limit.lever in about.medians else "valeur de la salle" for limit, _ in rows],
        },
    )
    return [*shown, blocks.table(table)]


def _people(about: Minutes) -> list[blocks.Block]:
    count = sum(about.roles.values())
    entered = french.plural(count, "personne est entrée", "personnes sont entrées")
    said = Text("{} dans la séance. Aucun nom n'a été demandé ni gardé.", entered)
    shown: list[blocks.Block] = [_heading("Qui a pris part"), *_said(said)]
    if not count:
        return shown
    named = sorted(((role or WITHOUT_ROLE, n) for role, n in about.roles.items()), key=lambda one: (-one[1], one[0]))
    caption = "Participants selon le rôle qu'ils ont indiqué"
    columns = {"Rôle": [role for role, _ in named], "Participants": ([n for _, n in named], 0)}
    return [*shown, blocks.table(Table.of(caption, columns))]


def _round(about: Minutes, one: Round) -> list[blocks.Block]:
    state = f"clos le {french.moment(one.closed)}" if one.closed else "encore ouvert"
    lines = [
        Text("Ouvert le {}, {}.", french.moment(one.opened), state),
        Text(
            "{} de {} sur {}.",
            french.plural(one.proposals, "proposition"),
            french.plural(one.people, "personne"),
            french.plural(len(one.spreads), "levier"),
        ),
    ]
    if one.carried:
        count = french.plural(one.carried, "proposition vient", "propositions viennent")
        lines.append(Text("{} du tour précédent, sans changement.", count))
    apart = [lever for lever, found in by_disagreement(one.spreads).items() if found.disagreement > 0][:FIRST]
    if apart:
        names = french.join([about.limits[lever].label for lever in apart])
        lines.append(Text("Les avis s'écartent le plus sur : {}.", names))
    shown: list[blocks.Block] = [_heading(f"Tour {one.number}"), *_said(Text.joined(lines, " "))]
    if not one.spreads:
        return shown
    rows = [(about.limits[lever], found) for lever, found in by_disagreement(one.spreads).items()]
    table = Table.of(
        f"Tour {one.number} : propositions par levier, des avis les plus écartés aux plus proches (ktCO2e/an)",
        {
            "Levier": [limit.label for limit, _ in rows],
            "Avis": ([len(found.values) for _, found in rows], 0),
            "Référence": ([limit.target for limit, _ in rows], french.quantity),
            "Le plus bas": ([found.values[0] for _, found in rows], french.quantity),
            "1er quartile": ([found.low for _, found in rows], french.quantity),
            "Médiane": ([found.median for _, found in rows], french.quantity),
            "3e quartile": ([found.high for _, found in rows], french.quantity),
            "Le plus haut": ([found.values[-1] for _, found in rows], french.quantity),
            "Sous / à / au-dessus de la référence": [f"{f.below} / {f.at} / {f.above}" for _, f in rows],
        },
    )
    translated = [(limit, found) for limit, found in rows if limit.translated]
    middle = Table.of(
        f"Tour {one.number} : médiane des leviers qui ont une unité physique",
        {
            "Levier": [limit.label for limit, _ in translated],
            "Unité": [units.label(limit.unit) for limit, _ in translated],
            "Référence": ([limit.quantity for limit, _ in translated], french.quantity),
            "Médiane": ([limit.quantity_of(found.median) for limit, found in translated], french.quantity),
        },
    )
    sums = _sums(f"Tour {one.number} : totaux du scénario médian", one.sums)
    tables = [sums, table, middle] if translated else [sums, table]
    return [*shown, *map(blocks.table, tables)]


def _quantity(limit: Limit, value: float) -> str:
    return f"{french.quantity(value)} {units.label(limit.unit)}" if limit.translated else "sans traduction"


def _difference(value: float) -> str:
    text = french.quantity(value)
    return f"+{text}" if value > 0 else text


def _sums(caption: str, sums: dict[str, dict[str, float]]) -> Table:
    columns = {
        "Référence": "reference",
        "Scénario": "proposed",
        "Manque": "deficit",
        "Surplus": "surplus",
        "Manque net": "net",
    }
    figures = {name: ([one[key] for one in sums.values()], french.quantity) for name, key in columns.items()}
    return Table.of(f"{caption} (ktCO2e/an)", {"Convention": [french.capital(name) for name in sums], **figures})


def _method() -> list[blocks.Block]:
    lines = [
        "Chaque personne propose, pour les leviers de son choix, l'objectif entier de 2030 ; sa dernière proposition "
        "compte seule. Qui est entré de deux appareils compte deux fois : sans nom, rien ne le montre.",
        "Le scénario médian prend, levier par levier, la médiane des propositions ; un levier dont personne n'a parlé "
        "garde sa référence. La médiane de quelques avis n'est pas celle de la salle : la colonne « Avis » les compte.",
        "Entre les deux quartiles se tient la moitié des propositions ; ils se lisent entre deux valeurs en ligne "
        "droite, comme dans un tableur. L'écart entre eux mesure le désaccord.",
        "Le surplus d'un levier ne cache jamais le manque d'un autre : les deux sont écrits.",
        "Ces propositions sont celles des personnes présentes ; elles ne représentent pas la population du territoire.",
    ]
    return [_heading("Comment lire ce compte rendu"), *_said(Text.bullets(lines))]

"""What the answers say by type of collectivité, by département, and in urban or rural territories."""

from __future__ import annotations

from collections.abc import Callable

from copkit import french
from copkit.presentation.document import Section
from copkit.presentation.survey import tables
from copkit.presentation.survey.document import caption
from copkit.presentation.table import Table
from copkit.presentation.text import Note, Text, lower
from copkit.survey.questionnaire import rules
from copkit.survey.selection import Consultation

GROUPS = Section("groupes", 80)
CUTS = {
    "type": ("Type", "par type de collectivité", "types"),
    "density": ("Territoire", "selon que le territoire est urbain ou rural", "densite"),
    "departement": ("Département", "par département", "departements"),
}
MOST = 5  # levers that are cited


@GROUPS.sentence()
def compared(q: Consultation) -> Text:
    """Ce qui distingue l'urbain du rural, comment il est reconnu, et ce que la version publique ne montre pas."""
    limits = rules().thresholds
    how = "Urbain ou rural : la grille communale de densité à 7 niveaux de l'INSEE (1 à 4 : urbain)"
    if not limits.grid:
        how = (
            "Urbain ou rural : repère du kit, faute de grille de densité de l'INSEE dans le kit ; une commune est dite "
            f"urbaine à partir de {french.number(limits.urban, 0)} habitants"
        )
    lines = [Text("{}. Un EPCI est urbain quand plus de la moitié de ses habitants vivent en commune urbaine.", how)]
    if not q.apart.empty:
        said = [
            f"{lower(one.label)} ({french.percent(100 * one.urban, 0)} en urbain, {french.percent(100 * one.rural, 0)} "
            "en rural)"
            for one in q.apart.head(MOST).itertuples(index=False)
        ]
        lines.append(Text("Leviers dont la pertinence diffère nettement : {}.", french.join(said)))
    elif len(set(q.cut("density").density)) > 1:
        lines.append(Text("Aucun levier n'a une pertinence nettement différente en urbain et en rural."))
    hidden, beside = (sum(map(len, one.values())) for one in (q.unshown, q.beside))
    if hidden:
        count = f"{french.plural(hidden, 'groupe')} de moins de {limits.small} collectivités"
        verb = "n'est pas détaillé" if hidden == 1 else "ne sont pas détaillés"
        lines.append(Text("{} {} dans la version publique : une réponse s'y reconnaîtrait.", count, verb))
    if beside:
        count, verb = ("Un groupe", "n'est") if beside == 1 else (f"{beside} groupes", "ne sont")
        s = "s" if beside > 1 else ""
        lines.append(
            Text("{} de plus {} pas détaillé{} : le total, moins les autres, dirait ce que l'on ne montre pas.",
                 count, verb, s)
        )  # fmt: skip
    return Text.bullets(lines)


def _groups(by: str, rank: int) -> None:
    """Declare the table of the groups of a cut, and that of their levers in the workbook."""
    head, text, name = CUTS[by]

    def made(q: Consultation) -> Table | Note:
        found = q.groups(by)
        if found.empty:
            return Note(f"Trop peu de collectivités pour les comparer {text}.")
        return Table.of(
            caption(q, f"Toutes les réponses, {text}"),
            {
                head: [tables.group(value) for value in found.value],
                "Collectivités": (found.respondents, 0),
                "Pertinentes (%)": (100 * found.pertinence, 0),
                "Collectivité (sur\u00a03)": (found.collectivite, 1),
                "Parties prenantes (sur\u00a03)": (found.parties_prenantes, 1),
            },
        )

    def levers(q: Consultation) -> Table | Note:
        found = q.cut(by)
        view: Callable = tables.VIEWS["departements" if by == "departement" else "types" if by == "type" else by]
        return view(found, tables.where(q)) if len(found) else Note("Aucun groupe à détailler.")

    title = french.capital({"type": "types", "density": "urbain et rural", "departement": "départements"}[by])
    GROUPS.table(name, sheet=title, rank=rank)(made)
    GROUPS.table(f"leviers_{name}", sheet=f"Leviers, {title.lower()}", rank=rank + 1, page=False)(levers)


for _rank, _by in ((80, "type"), (82, "density"), (84, "departement")):
    _groups(_by, _rank)

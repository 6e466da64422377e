"""What a document shows of adaptation: the priorities of a territory, and what serves each of the 22 levers.

A project or an action serves a lever of the 22 in two ways: its label names it, or it is for one of the 43 that the
crosswalk sets beside it. The second is a reading of the kit, and is counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from copkit import french
from copkit.adaptation.climate import climate
from copkit.adaptation.priorities import FIELDS, LEVER, PRIORITIES, RECORD, read
from copkit.intake import labels, perimeters, personal
from copkit.intake.fields import SEPARATOR, YES, counted, ids
from copkit.intake.reading import Files, located_all
from copkit.intake.report import Reading
from copkit.intake.selection import HINT, Selection, of_the_example, or_examples
from copkit.models import nomenclatures
from copkit.projects.fields import PROJECTS
from copkit.projects.selection import vivier
from copkit.reference import territories
from copkit.roadmap.actions import ACTIONS, read_actions
from copkit.roadmap.plan import within as actions_within

EXAMPLES = {
    "priorities": "priorites_adaptation.csv",
    "actions": "actions_hauts_de_france.csv",
    "projects": "vivier_hauts_de_france.csv",
}


@dataclass(frozen=True, eq=False)
class Recensement(Selection):
    """Les priorités d'adaptation d'un territoire et ce qui sert ses 22 leviers, tels qu'un document les montre.

    priorities : celles du territoire ; regional : celles de toute sa région (département). actions, projects : celles
    et ceux qui sont comptés, ou rien quand aucun fichier n'est donné.
    """

    priorities: pd.DataFrame
    regional: pd.DataFrame
    actions: pd.DataFrame | None
    projects: pd.DataFrame | None
    reading: Reading | None
    counts: dict[str, object]

    def __repr__(self) -> str:
        return f"Adaptation — {self.name} : {french.plural(len(self.priorities), *PRIORITIES.noun)}"

    @property
    def empty(self) -> bool:
        """No priority lies in the territory."""
        return self.priorities.empty

    @property
    def collected(self) -> bool:
        """Whether priorities were given; the example of the kit counts where it has some."""
        return not self.example or not (self.empty and self.regional.empty)

    @property
    def given(self) -> list[str]:
        """What was given and is counted, in French."""
        found = {"priorités": self.collected, "actions": self.actions is not None, "projets": self.projects is not None}
        return [name for name, there in found.items() if there]

    @cached_property
    def invented(self) -> bool:
        """Whether something that it shows is invented."""
        parts = (self.priorities, self.regional, self.actions, self.projects)
        return any(one is not None and bool((one.invented == YES).any()) for one in parts)

    # ------------------------------------------------------------------ the climate

    @property
    def warming(self) -> list:
        """The levels of the reference trajectory that the sources give."""
        return climate().warming

    @property
    def markers(self) -> list:
        """What the sources say of the climate to come."""
        return climate().markers_of(self.territory)

    @property
    def exposures(self) -> list:
        """The themes of exposure that are published for the région."""
        return climate().exposures_of(self.territory)

    # ------------------------------------------------------------------ the levers

    @cached_property
    def levers(self) -> pd.DataFrame:
        """Each of the 22: lever, label, priorities, budget [EUR]; actions, projects that name it; near (levers of the
        43 beside it), near_actions, near_projects that are for one of them; note. NaN where no file was given."""
        beside = nomenclatures.crosswalk("adaptation")
        counts = self.priorities[LEVER].value_counts()
        budgets = self.priorities.groupby(LEVER).budget.sum(min_count=1)
        rows = []
        for lever, label in nomenclatures.adaptation_labels().items():
            part = beside[beside.id == lever]
            near = [one for one in part.lever if one]
            row = {
                "lever": lever,
                "label": label,
                "priorities": int(counts.get(lever, 0)),
                "budget": float(budgets.get(lever, float("nan"))),
                "near": SEPARATOR.join(near),
                "note": part.note.iloc[0],
            }
            for name, table in (("actions", self.actions), ("projects", self.projects)):
                row[name] = _naming(table, lever)
                row[f"near_{name}"] = _serving(table, near)
            rows.append(row)
        return pd.DataFrame(rows)

    @cached_property
    def unserved(self) -> pd.DataFrame:
        """The levers of the 22 that no priority, no action and no project serves."""
        found = self.levers
        count = found[["priorities", *self.counted]].sum(axis=1)
        return found[count == 0].reset_index(drop=True)

    @property
    def counted(self) -> list[str]:
        """The columns of ``levers`` that count actions and projects, of those that were given."""
        given = [name for name in ("actions", "projects") if getattr(self, name) is not None]
        return [column for name in given for column in (name, f"near_{name}")]

    @cached_property
    def cop(self) -> pd.DataFrame:
        """The levers of the 43 that serve adaptation: lever, label, enjeux (the others), actions, projects, near (of
        the 22)."""
        beside = nomenclatures.crosswalk("adaptation")
        found = nomenclatures.levers(enjeu="adaptation")[["lever", "label", "enjeux"]]
        return found.assign(
            enjeux=[[one for one in cell if one != "adaptation"] for cell in found.enjeux],
            actions=[_serving(self.actions, [lever]) for lever in found.lever],
            projects=[_serving(self.projects, [lever]) for lever in found.lever],
            near=[beside.label[beside.lever == lever].to_list() for lever in found.lever],
        )

    def serving(self, name: str) -> int:
        """How many actions, or projects, serve adaptation: for one of the 11 of the 43, or naming one of the 22."""
        table = getattr(self, name)
        kept = set(nomenclatures.levers(enjeu="adaptation").lever)
        return int(sum(bool(kept & set(ids(row.levers))) or bool(row.adaptation) for row in table.itertuples()))

    # ------------------------------------------------------------------ the priorities

    def by(self, *names: str) -> pd.DataFrame:
        """The priorities by what one or two fields say, as they are written: the names, label, priorities, levers,
        known (budgets), budget [EUR]; the most frequent first, what is not said last."""
        table = self.priorities
        keys = [table[name].map(french.plain) for name in names]
        rows = []
        for _, part in table.groupby(keys, sort=False):
            first = {name: french.capital(part[name].iloc[0]) for name in names}
            said = set(part[LEVER]) - {""}
            money = float(part.budget.sum(min_count=1))
            rows.append(first | {"priorities": len(part), "levers": len(said), "known": int(part.budget.notna().sum()),
                                 "budget": money})  # fmt: skip
        found = pd.DataFrame(rows, columns=[*names, "priorities", "levers", "known", "budget"])
        blank = (found[list(names)] == "").any(axis=1)
        order = found.assign(blank=blank).sort_values(["blank", "priorities"], ascending=[True, False], kind="stable")
        return order.drop(columns="blank").reset_index(drop=True)

    @cached_property
    def filled(self) -> pd.DataFrame:
        """Each column of the record: name, label, filled (priorities that say it), missing."""
        rows = []
        for name in self.shown:
            n = int((self.priorities[name].notna() if name == "budget" else self.priorities[name] != "").sum())
            rows.append((name, RECORD[name].label, n, len(self.priorities) - n))
        return pd.DataFrame(rows, columns=["name", "label", "filled", "missing"])

    @property
    def shown(self) -> list[str]:
        """The columns of the record that this version shows."""
        return [name for name in RECORD if not self.public or name not in personal.hidden(PRIORITIES.name, RECORD)]

    @cached_property
    def obstacles(self) -> pd.DataFrame:
        """The priorities that say what hampers them, at the level of the région or of the State."""
        said = (self.priorities.regional_obstacles != "") | (self.priorities.national_obstacles != "")
        return self.priorities[said]

    @cached_property
    def places(self) -> pd.DataFrame:
        """The départements of the territory (or itself): code, name, priorities; those of a whole région last."""
        counts = self.priorities.departement.value_counts()
        rows = [(one, territories.name(one), int(counts.get(one, 0))) for one in self.departements]
        if whole := int(counts.get("", 0)):
            rows.append(("", "Toute la région", whole))
        return pd.DataFrame(rows, columns=["code", "name", "priorities"])


def _naming(table: pd.DataFrame | None, lever: str) -> float:
    """How many name a lever of the 22; NaN without a file."""
    return float("nan") if table is None else float(sum(lever in ids(cell) for cell in table.adaptation.to_list()))


def _serving(table: pd.DataFrame | None, levers: list[str]) -> float:
    """How many are for one of these levers of the 43; NaN without a file."""
    if table is None:
        return float("nan")
    return float(sum(bool(set(levers) & set(ids(cell))) for cell in table.levers.to_list()))


def recensement(
    territory: str = "reg-32",
    *,
    priorities: Files | pd.DataFrame = "",
    actions: Files = "",
    projects: Files = "",
    public: bool = False,
) -> Recensement:
    """Réunit ce que l'on sait de l'adaptation d'un territoire : repères, exposition, 22 leviers, priorités recensées.

    Parameters
    ----------
    territory : code d'une région, d'un département ou « fr ».
    priorities : recensement des priorités, ou ce que ``read`` ou ``of_returns`` a rendu ; vide : l'exemple inventé du
        kit (Hauts-de-France), et dans cette région ceux des autres fichiers laissés vides. Un chemin relatif est
        cherché dans le dossier courant, dans celui d'où « copkit » a été lancé, puis dans celui du kit.
    actions : fiches action ; projects : vivier. Vides : absents, rien n'est compté.
    public : version publique : ni ce qui a été lu, ni les freins remontés.

    Returns
    -------
    Recensement : ``levers`` (les 22, et ce qui sert chacun), ``cop`` (les leviers des 43 qui servent l'adaptation),
        ``by("effect")``, ``unserved``, ``filled``…

    Raises
    ------
    ProjectError
        Si un fichier est absent ou illisible.
    TerritoryError
        Si le territoire est inconnu ou ambigu.

    References
    ----------
    Recensement : ``cop_adaptation_sgpe`` ; 22 leviers : ``leviers_adaptation_sgpe`` ; leviers des 43 qui servent
    l'adaptation : ``feuille_de_route_hauts_de_france_2025``.

    Examples
    --------
    >>> recensement("dep-80")
    Adaptation — Somme : 3 priorités
    """
    table = priorities if isinstance(priorities, pd.DataFrame) else None
    code, example = territories.resolve(territory), table is None and not priorities
    given = {"priorities": priorities, "actions": actions, "projects": projects}
    if example:
        given = or_examples(given, EXAMPLES, lambda name: name == "priorities" or of_the_example(code))
    if table is None:
        table = read(*located_all(given["priorities"], PRIORITIES, HINT))
    table = PRIORITIES.taken(table, 'ck.adaptation.read("priorites.csv")')
    inside, around = _within(counted(table), code)
    reading: Reading | None = table.attrs.get("reading")
    return Recensement(
        territory=code,
        priorities=_shown(inside, public),
        regional=_shown(around, public),
        actions=_actions(given["actions"], code),
        projects=_projects(given["projects"], code),
        reading=None if public else reading,
        counts=_counts(reading, table, inside, around),
        public=public,
        example=example,
        files=() if public or reading is None else tuple(reading.files),
    )


def _shown(table: pd.DataFrame, public: bool) -> pd.DataFrame:
    """The priorities; public, without what is not."""
    table = table.reset_index(drop=True)
    table.attrs = {}
    return personal.published(table, PRIORITIES.name, FIELDS) if public else table


def _within(table: pd.DataFrame, code: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The priorities of a territory, and those of the whole of its région that concern it too."""
    if code == "fr":
        return table, table.head(0)
    if territories.level(code) == "region":
        return table[table.region == code], table.head(0)
    whole = (table.region == territories.region_of(code)) & (table.departement == "")
    return table[table.departement == code], table[whole]


def _actions(files: Files, code: str) -> pd.DataFrame | None:
    """The actions of the territory, and those of its région that concern it, with the levers of the 22 they name."""
    if not files:
        return None
    read_ = counted(read_actions(*located_all(files, ACTIONS, HINT)))
    inside, around = actions_within(perimeters.placed(read_), code)
    return _naming_levers(pd.concat([inside, around]))


def _projects(files: Files, code: str) -> pd.DataFrame | None:
    """The projects of the territory, with the levers of the 22 that they name."""
    return _naming_levers(vivier(located_all(files, PROJECTS, HINT), code).counted) if files else None


def _naming_levers(table: pd.DataFrame) -> pd.DataFrame:
    """``adaptation``: the levers of the 22 that the label of each names."""
    kept = table[["levers", "lever_label", "invented"]].reset_index(drop=True)
    return kept.assign(adaptation=[SEPARATOR.join(labels.adaptation(one)) for one in kept.lever_label])


def _counts(
    reading: Reading | None, table: pd.DataFrame, inside: pd.DataFrame, around: pd.DataFrame
) -> dict[str, object]:
    """What happened at the reading: its summary, and how many priorities are of another territory."""
    summary = reading.summary if reading else f"{french.capital(french.plural(len(table), *PRIORITIES.noun))}."
    return {"summary": summary, "elsewhere": len(counted(table)) - len(inside) - len(around)}

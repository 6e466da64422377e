"""What a document shows of things that were collected: of which territory, from which files, and whether it is public.

Where no file is given, the invented examples of the kit stand in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from copkit import paths
from copkit.display import Displayed
from copkit.intake.reading import Files
from copkit.reference import territories

EXAMPLES = ("data", "examples")
EXAMPLE_OF = "reg-32"  # the région of the examples that are of one
INVENTED = "exemple inventé"
HINT = " Vide : l'exemple inventé du kit."


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Selection(Displayed):
    """``example``: the invented example of the kit; ``files``: those that were read, unless it is public."""

    territory: str
    public: bool = False
    example: bool = False
    files: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name of the territory."""
        return territories.name(self.territory)

    @property
    def level(self) -> str:
        """« france », « region » or « departement »."""
        return territories.level(self.territory)

    @property
    def departements(self) -> list[str]:
        """Its départements; itself, when it has none or is one."""
        within = None if self.territory == "fr" else self.territory
        return list(territories.territories("departement", within=within).code) or [self.territory]


def missing(files: object) -> bool:
    """Whether no file is given.

    >>> missing(""), missing([]), missing("vivier.csv")
    (True, True, False)
    """
    return isinstance(files, str | list | tuple | None) and not files


def or_examples(
    given: Mapping[str, Files], examples: Mapping[str, str], stands: Callable[[str], bool] = lambda _: True
) -> dict[str, Files]:
    """The files that are given, and an example in the place of each that is not; ``stands``: whether it may."""
    folder = paths.home().joinpath(*EXAMPLES)
    return {name: file or (folder / examples[name] if stands(name) else "") for name, file in given.items()}


def of_the_example(code: str) -> bool:
    """Whether a territory lies in the région of the examples."""
    return code != "fr" and territories.region_of(code) == EXAMPLE_OF

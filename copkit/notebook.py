"""What a notebook needs to run the same in JupyterLab, under Papermill and under Voilà."""

from __future__ import annotations

import os
import sys
from typing import Any
from urllib.parse import parse_qs, urlencode

from copkit import errors
from copkit.errors import RunError

__all__ = ["parameter", "territory"]

RUN_ALL = "« Exécuter toutes les cellules »"  # as JupyterLab names it
_chosen: dict[str, tuple[Any, str]] = {}  # parameter → what the notebook gives, the territory chosen in its place


def parameter(name: str, value: Any) -> Any:
    """La valeur d'un paramètre : celle du lien (``?territoire=reg-76`` sous Voilà), sinon celle du carnet.

    Parameters
    ----------
    name : nom du paramètre.
    value : sa valeur dans le carnet ; celle du lien est lue de la même sorte : oui ou non, nombre, texte.

    Raises
    ------
    RunError
        Si le lien ne donne pas une valeur de cette sorte.

    Examples
    --------
    >>> parameter("territoire", "reg-32")
    'reg-32'
    """
    if not isinstance(name, str):
        raise RunError(f"Nom d'un paramètre attendu, et non {errors.given(name)}. Écrire par exemple « territoire ».")
    given = parse_qs(os.environ.get("QUERY_STRING", "")).get(name)
    return read(name, given[-1], value) if given else value


def territory(value: str, name: str = "territoire", *, perimeters: str = "") -> str:
    """Le territoire d'un carnet, avec un menu pour en choisir un autre dans JupyterLab et sous Voilà.

    Le choix vaut pour les cellules exécutées ensuite, tant que le carnet garde la même valeur ; sous Voilà, il ouvre la
    page de ce territoire. Dans un lot (Papermill) ou un programme, rien n'est affiché.

    Parameters
    ----------
    value : code du territoire dans le carnet, « reg-32 » par exemple.
    name : nom du paramètre, dans un lien.
    perimeters : fichier de périmètres ; ``value`` est alors le nom de l'un d'eux, ou son code « per-… ».

    Returns
    -------
    str. Le code choisi dans le menu, sinon celui du lien (``?territoire=reg-76`` sous Voilà), sinon ``value``.

    Raises
    ------
    RunError
        Si ``value`` ou ``name`` n'est pas un texte.
    ProjectError
        Si le fichier de périmètres ne se lit pas, ou n'a pas celui-là.

    Examples
    --------
    >>> territory("reg-32")
    'reg-32'
    """
    if not isinstance(value, str):
        raise RunError(f"Code d'un territoire attendu, et non {errors.given(value)}. Écrire par exemple « reg-32 ».")
    value = _perimeter(parameter(name, value), perimeters) if perimeters else parameter(name, value)
    served = os.environ.get("SERVER_SOFTWARE", "").startswith("voila")
    if not served and not _somebody_is_there():
        return value
    before, code = _chosen.get(name, (value, value))
    if before != value:  # the notebook was modified since
        code = value
    labels = _labels(perimeters)
    shown = _menu(name, value, code, labels, served)._repr_mimebundle_()
    from IPython.display import display

    # Where no widget lives, in a notebook opened elsewhere for example, the name of the territory is read.
    display({**shown, "text/plain": f"Territoire : {labels.get(code, code)}"}, raw=True)
    return code


def _perimeter(value: str, file: str) -> str:
    """The code of a perimeter of a file, by its name or its code; of the only one that there is, whatever is typed."""
    from copkit.intake.perimeters import read_perimeters

    read = read_perimeters(file)
    codes = {read.one(name).code: name for name in read.names}
    if value in codes:
        return value
    return read.one(value if value in read.names or len(codes) > 1 else "").code


def _somebody_is_there() -> bool:
    """Whether a person executes this cell, who could be asked something: Papermill and nbconvert say that nobody is."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    kernel = getattr(shell, "kernel", None)
    return kernel is not None and bool(kernel.get_parent("shell").get("content", {}).get("allow_stdin"))


def _labels(perimeters: str = "") -> dict[str, str]:
    """What the menu calls each territory, by its code; ``perimeters``: a file whose perimeters are in it too."""
    from copkit.reference import territories

    called = {"fr": "France"}
    called |= {code: f"{territories.name(code)} (région)" for code in territories.codes("region")}
    called |= {code: f"{territories.name(code)} ({code[4:]})" for code in territories.codes("departement")}
    if perimeters:
        from copkit.intake.perimeters import read_perimeters

        read = read_perimeters(perimeters)
        called |= {read.one(name).code: f"{name} (périmètre)" for name in read.names}
    return called


def _menu(name: str, value: Any, code: Any, labels: dict[str, str], served: bool):
    """The menu, and under it what to do once a territory is chosen."""
    import ipywidgets

    options = [(label, one) for one, label in labels.items()]
    menu = ipywidgets.Dropdown(options=options, value=code if code in labels else None, description="Territoire")
    said = ipywidgets.HTML()

    def choose(change) -> None:
        chosen = change["new"]
        if served:
            link = urlencode({name: chosen})
            said.value = f'<a href="?{link}" target="_top">Ouvrir la page : {labels[chosen]}</a>'
        else:
            _chosen[name] = (value, chosen)
            said.value = f"Choisi : {labels[chosen]}. Pour le voir : menu Exécution, {RUN_ALL}."

    menu.observe(choose, "value")
    return ipywidgets.VBox([menu, said])


def read(name: str, given, value) -> Any:
    """What was given for a parameter, as the kind of thing that it is in the notebook; RunError if it cannot be.

    >>> read("publique", "non", True), read("annee", "2031", 2024), read("part", "12,5", 0.0), read("titre", "2A", "")
    (False, 2031, 12.5, '2A')
    """
    kind = type(value)
    if kind not in (bool, int, float) or type(given) is kind:
        return given
    from copkit.intake import cells

    text = str(given).strip()
    found: Any
    found, wrong = cells.yes_no(text) if kind is bool else cells.number(text)
    if not wrong and (not text or (kind is int and not found.is_integer())):
        wrong = "nombre entier attendu." if text else "valeur absente."
    if wrong:
        raise RunError(f"Paramètre « {name} », valeur « {text[:40]}{'…' * (len(text) > 40)} » : {wrong}")
    return found == "oui" if kind is bool else kind(found)


def __dir__() -> list[str]:
    return __all__

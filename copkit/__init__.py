"""copkit : kit d'analyse de la planification écologique dans les territoires.

Noms publics, chargés quand on s'en sert : ``import copkit`` reste léger.
"""

import sys
from importlib import import_module
from operator import attrgetter
from warnings import warn

import lazy_loader

__version__ = "0.4.0"
DATA_VERSION = "sgpe-2024-10"  # of the panorama, the last one in data/clean/panorama.csv

# jsonschema imports rfc3987_syntax when it is there: 0.75 s in every process, and nothing here needs it.
sys.modules.setdefault("rfc3987_syntax", None)

# The one list of names is in __init__.pyi. No __all__ here: help(copkit) would print the help of each name.
_public, __dir__, _ = lazy_loader.attach_stub(__name__, __file__)

_FORMER = {  # names of version 0.4, until 0.6
    "balance": "projects.balance",
    "coverage": "projects.coverage",
    "projects_charts": "charts",
    "projects_report": "report",
    "projects_table": "table",
    "read_projects": "projects.read",
    "triage": "projects.triage",
    "vivier": "projects.vivier",
    "write_projects_workbook": "write_workbook",
}


def __getattr__(name: str):
    if name == "simulator":  # the folder; called, it says that Simulator takes its place
        return import_module("copkit.simulator")
    if name not in _FORMER:
        return _public(name)
    said = f"ck.{name} s'appelle désormais ck.{_FORMER[name]} ; l'ancien nom disparaîtra à la version 0.6."
    warn(said, DeprecationWarning, stacklevel=2)
    return attrgetter(_FORMER[name])(sys.modules[__name__])

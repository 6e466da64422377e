"""copkit : kit d'analyse de la planification écologique dans les territoires.

Noms publics, chargés quand on s'en sert : ``import copkit`` reste léger.
"""

import sys
from importlib import import_module
from operator import attrgetter

__version__ = "0.4.0"
DATA_VERSION = "sgpe-2024-10"  # of the panorama, the last one in data/clean/panorama.csv

# jsonschema imports rfc3987_syntax when it is there: 0.75 s in every process, and nothing here needs it.
sys.modules.setdefault("rfc3987_syntax", None)

_PUBLIC = {
    "territories": "copkit.reference.territories:territories",
    "levers": "copkit.models.nomenclatures:levers",
    "crosswalk": "copkit.models.nomenclatures:crosswalk",
    "keys": "copkit.models.downscaling:keys",
    "panorama": "copkit.models.panorama:panorama",
    "totals": "copkit.models.panorama:totals",
    "shares": "copkit.models.panorama:shares",
    "place": "copkit.models.panorama:place",
    "balance": "copkit.projects.counting.balance:balance",
    "coverage": "copkit.projects.counting.coverage:coverage",
    "section": "copkit.presentation.section:section",
    "table": "copkit.presentation.territory.document:table",
    "charts": "copkit.presentation.territory.document:DOCUMENT.charts",
    "notebook": "copkit.notebook",
    "convert": "copkit.models.conversion:convert",
    "identity": "copkit.models.factors:identity",
    "simulate": "copkit.models.scenario:simulate",
    "shortfall": "copkit.models.gaps:shortfall",
    "compensate": "copkit.models.compensation:compensate",
    "to_json": "copkit.models.scenario_file:to_json",
    "from_json": "copkit.models.scenario_file:from_json",
    "budget_to_reduction": "copkit.models.budgets:budget_to_reduction",
    "compare": "copkit.models.comparison:compare",
    "dynamics": "copkit.models.dynamics:dynamics",
    "interactions": "copkit.models.interactions:interactions",
    "uncertainty": "copkit.models.uncertainty:uncertainty",
    "consistency": "copkit.models.consistency:consistency",
    "read_projects": "copkit.projects.reading:read_projects",
    "report": "copkit.presentation.territory.document:DOCUMENT.report",
    "write_workbook": "copkit.presentation.territory.document:write_workbook",
    "triage": "copkit.projects.triage.sort:triage",
    "run": "copkit.batch.run:run",
    "simulator": "copkit.simulator.widget:Simulator",
    "vivier": "copkit.projects.vivier:vivier",
    "projects_charts": "copkit.presentation.projects.document:DOCUMENT.charts",
    "projects_table": "copkit.presentation.projects.document:table",
    "projects_report": "copkit.presentation.projects.document:DOCUMENT.report",
    "write_projects_workbook": "copkit.presentation.projects.document:write_projects_workbook",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'copkit' has no attribute {name!r}")
    module, _, attribute = _PUBLIC[name].partition(":")
    loaded = import_module(module)
    if module.startswith("copkit.presentation"):
        import_module("copkit.presentation.theme").enable()
    return attrgetter(attribute)(loaded) if attribute else loaded


def __dir__():
    return [*globals(), *_PUBLIC]

"""copkit : kit d'analyse de la planification écologique dans les territoires.

Un territoire et ses leviers
    territories, levers, crosswalk, keys       territoires, 43 leviers, table de passage, clés de répartition
    audition, local                            ce que vaut chaque clé ; chiffres locaux qui prennent sa place
    sector_shares                              l'effort de chaque secteur par les parts de la région, à côté
    calendar                                   le calendrier des 18 COP régionales
    panorama                                   les objectifs d'un territoire, levier par levier [ktCO2e/an]
    perimeter                                  une liste de communes ou d'EPCI, qui a son panorama (CRTE, SCoT…)
    totals, shares, place                      ses totaux, ses parts par secteur, son rang parmi ses pairs
    convert, identity, budget_to_reduction     kt en quantité et retour, facteurs d'un levier, budgets carbone
    dynamics, consistency                      le rythme observé, le rationnel national face aux régions
    observed, difference                       une série observée ; une soustraction entre mêmes conventions
    enjeux, controls                           les enjeux que servent des leviers, les totaux nationaux de contrôle

Un scénario
    simulate, shortfall, compensate            composer des objectifs, ce qui manque, ce qui le compense
    compare, side_by_side                      deux plans d'un territoire ; jusqu'à cinq territoires ou plans
    interactions, uncertainty                  leviers qui se recouvrent, probabilité d'atteindre
    to_json, from_json, Simulator              enregistrer un scénario, le relire, le simulateur dans un carnet
    pathways                                   les trajectoires au format de l'IAMC, que pyam ouvre

Ce que des territoires envoient
    projects                                   projets : lire, trier, compter, rapprocher, ateliers
    strengths                                  points forts : modèle à remplir, lecture, mise en commun
    survey                                     questionnaire : réponses, leviers, actions, familles
    roadmap                                    feuille de route : fiches action, critères, effet, recouvrements, suivi
    adaptation                                 adaptation : 22 leviers du SGPE, priorités recensées, repères
    journal                                    décisions : qui, quoi, quand, pourquoi ; révoquées, jamais effacées

Montrer
    table, charts, report, section             table, graphiques, phrases, section de ce qu'on donne
    write_workbook                             le classeur d'un territoire ou d'un vivier
    run, notebook                              un carnet pour des territoires, paramètres d'un carnet
    verify                                     ce qui a changé à la main dans les sorties d'un lot
    reload                                     relire tous les fichiers du kit

Là où un panorama est attendu, le code de son territoire suffit (« reg-32 »). Ce qu'une fonction rend se montre comme sa
table. Une erreur (``copkit.errors.CopkitError``) dit ce qui ne va pas, où, et quoi écrire. ``help(ck.panorama)`` décrit
une fonction ; docs/api.md les réunit. Tout est chargé quand on s'en sert : ``import copkit`` reste léger.
"""

import os
import sys
from importlib import import_module
from operator import attrgetter
from warnings import warn

import lazy_loader

from copkit import display

__version__ = "0.4.0"
DATA_VERSION = "sgpe-2024-10"  # of the panorama, the last one in data/clean/panorama.csv

# jsonschema, which altair and papermill import, imports rfc3987_syntax when it is there: 0.75 s (0.44 s of processor
# against 1.75 for « import altair »), and nothing here needs it. It is left out of our own processes, the terminal, the
# warm parent and the kernels of a batch, and never of a user's.
if os.environ.get("COPKIT_CHARTS") == "spec":  # a kernel of a batch
    sys.modules.setdefault("rfc3987_syntax", None)

# The one list of names is in __init__.pyi. No __all__ here: help(copkit) would print the help of each name.
_public, __dir__, _ = lazy_loader.attach_stub(__name__, __file__)

display.leave_to(lambda found: _public("table")(found))

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

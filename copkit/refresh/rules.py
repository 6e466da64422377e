"""The named rules that a file of series goes through: what each one watches, and what was found under its name.

A fault stops the reading; anything else is done and said.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from copkit import french
from copkit.errors import Problems

FAULTS = {  # what stops the reading
    "json_illisible": "Le fichier est un JSON entier.",
    "schema": "Les clés et les colonnes attendues sont là.",
    "unite_declaree": "L'unité que la source déclare est celle que le kit connaît.",
    "ordre_de_grandeur": "Une unité mal étiquetée se vérifie à la plus forte valeur.",
    "perimetre": "Le périmètre est celui que le kit connaît.",
    "code_sans_zero": "Un code de région est un texte de deux chiffres : 01, et non 1.",
    "territoire_inconnu": "Chaque code est celui d'une région, ou un code à écarter que le kit connaît.",
    "libelle_et_code": "Le nom de la région est celui de son code.",
    "nombre_illisible": "Une valeur est un nombre.",
    "annee_illisible": "Une année est lisible.",
    "doublon": "Une seule valeur par territoire et par année.",
    "reponse_tronquee": "Le service n'a pas coupé sa réponse au nombre de lignes demandé.",
    "serie_absente": "Chaque série que le kit suit est dans le fichier.",
}
DONE = {  # what is done with it, and said
    "unite_trompeuse": "Libellé d'unité faux dans la source : valeurs lues dans l'unité vérifiée.",
    "zero_outre_mer": "Zéro outre-mer lu comme valeur absente.",
    "serie_cumulee": "Cumul depuis une année ancienne : lu comme un stock, années anciennes écartées.",
    "annees_anciennes": "Années d'avant les séries du kit, écartées.",
    "collectivites_outre_mer": "Code 0, collectivités d'outre-mer : écarté, il n'est pas une région.",
    "non_precise": "Code 99, non précisé : écarté.",
    "origine_etrangere": "Origines de l'étranger, écartées.",
    "code_a_deux_libelles": "Un code écarté porte deux libellés : compté une fois chacun.",
    "ventilation_sommee": "Lignes ventilées par type, sommées.",
    "ventilation_incomplete": "Un type manque : la somme reste inconnue.",
    "ventilation_choisie": "Lignes ventilées par mode : un seul est gardé.",
    "nombre_en_texte": "Nombres écrits en texte, lus.",
    "valeur_absente": "Valeurs absentes, laissées inconnues.",
    "decimale_francaise": "Nombres à virgule et espaces, lus.",
    "cibles_nationales": "Cibles nationales, non lues : aucune n'est prêtée à une région.",
    "licence_a_confirmer": "Licence non définie par le dépôt : écrite « à confirmer ».",
}
ABNORMAL = {  # what a difference may show
    "unite_multipliee": "Toutes les valeurs connues sont multipliées par une même puissance de dix.",
    "saut": "L'écart à la dernière année connue dépasse la borne.",
    "revision": "L'écart à la valeur connue dépasse la borne.",
    "cumul_en_recul": "Un cumul baisse.",
    "hors_de_0_a_100": "Une part sort de 0 à 100 %.",
    "territoire_disparu": "Un territoire connu n'est plus dans la série.",
    "annee_disparue": "Une valeur connue n'est plus dans la série.",
}


@dataclass
class Watch:
    """What one file gave to the rules."""

    file: str
    problems: Problems
    done: Counter = field(default_factory=Counter)
    details: dict[str, str] = field(default_factory=dict)
    alike: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def fault_of_row(self, rule: str, number: int, said: str) -> None:
        """A fault of a row, said once for all the rows that have it: by ``tell_rows``."""
        self.alike.setdefault((rule, said), []).append(number)

    def tell_rows(self) -> None:
        """Say the faults of rows."""
        for (rule, said), (first, *others) in self.alike.items():
            more = f" et {french.plural(len(others), 'autre')}" if others else ""
            self.fault(rule, f"ligne {first}{more} : {said}")

    def fault(self, rule: str, said: str) -> None:
        """What stops the reading: what, where, what to do."""
        assert rule in FAULTS, rule
        self.problems.add(self.file, f"{rule} : {said}")

    def note(self, rule: str, count: int = 1, said: str = "") -> None:
        """What was done with so many lines; ``said``: what the reader of the report needs besides."""
        assert rule in DONE, rule
        if count:
            self.done[rule] += count
            if said:
                self.details[rule] = said

    def rows(self) -> list[dict[str, object]]:
        """What was done, one row per rule."""
        return [
            {
                "file": self.file,
                "rule": rule,
                "count": count,
                "said": f"{DONE[rule]} {self.details.get(rule, '')}".strip(),
            }
            for rule, count in self.done.items()
        ]


def listed(words, most: int = 5) -> str:
    """Some words, and how many there are besides."""
    words = [str(word) for word in words]
    shown = [f"« {word} »" for word in words[:most]]
    more = len(words) - most
    return french.join([*shown, *([french.plural(more, "autre")] if more > 0 else [])])

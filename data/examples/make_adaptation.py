"""Make the invented record of adaptation priorities of Hauts-de-France: ``python data/examples/make_adaptation.py``.

The headers are the identifiers of the record of the SGPE; everything else is invented, and each row says so. The
départements are real: what is written beside one says nothing of it.
"""

from __future__ import annotations

import csv
from pathlib import Path

import yaml

from copkit.models import nomenclatures
from copkit.reference import territories

HERE = Path(__file__).parent
PRIORITIES = HERE / "priorites_adaptation.csv"
RECORD = {  # key of adaptation.yml → column of the record
    "intitule": "Intitule_de_la_priorite_identifiee",
    "region": "Region",
    "departement": "Departement",
    "effet": "Effet_du_changement_climatique",
    "sensibilite": "Sensibilite",
    "levier": "Levier",
    "niveau": "Niveau_de_priorite",
    "description": "Description_de_la_priorite",
    "echeance": "Date_de_fin_prevue_pour_l_action",
    "reussite": "Criteres_de_reussites_yc_indic_de_performance_2",
    "parties": "Identification_des_parties_prenantes_a_mobiliser_si_deja_disponible_",
    "ingenierie": "Porteur_d_aide_ingenierie_si_identifie_",
    "financement": "Porteur_d_aide_financement_si_identifie_",
    "freins_region": "Freins_a_lever_Remontees_regionales",
    "freins_etat": "Freins_a_lever_Remontees_nationales",
    "budget": "Budget_total_anticipe_evoque_a_date_",
}


def written() -> list[dict[str, str]]:
    """The priorities, under the headers of the record."""
    labels = nomenclatures.adaptation_labels()
    rows = []
    for one in yaml.safe_load((HERE / "adaptation.yml").read_text(encoding="utf-8"))["priorites"]:
        cells = one | {
            "intitule": f"{one['intitule']} (inventé)",
            "region": "Hauts-de-France",
            "departement": territories.name(one["departement"]) if "departement" in one else "",
            "levier": labels[one["levier"]] if "levier" in one else "",
            "description": "Exemple inventé : cette fiche ne décrit aucune priorité réelle.",
        }
        rows.append({head: str(cells.get(key, "")) for key, head in RECORD.items()} | {"Exemple inventé": "oui"})
    return rows


if __name__ == "__main__":
    with PRIORITIES.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, [*RECORD.values(), "Exemple inventé"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(written())

"""The effort of a sector shared out as in its région, beside that of the kit."""

import pytest

import copkit as ck
from copkit.errors import LeverError
from copkit.models import panorama
from copkit.reference import tables


def test_shares_of_the_source_in_hauts_de_france():
    found = ck.sector_shares("epci-200093201", {"tertiaire": 202.0}).set_index("label")
    # 33, 21 and 47 make 101 in the source: brought back to the whole
    assert found.kt.to_list() == pytest.approx([66.0, 42.0, 94.0])
    assert found.share.sum() == pytest.approx(100)
    kit = ck.panorama("epci-200093201").target
    assert found.kit["Sobriété et isolation des bâtiments (tertiaire)"] == float(
        kit.sel(lever="sobriete_isolation_tertiaire")
    )


def test_every_region_and_sector_keeps_the_effort_that_was_given():
    table = tables.read("lever_shares.csv")
    for region, rows in table.groupby("territory"):
        efforts = dict.fromkeys(rows.sector.unique(), 50.0)
        found = ck.sector_shares(region, efforts)
        assert found.groupby("sector").kt.sum().to_dict() == pytest.approx(efforts)
        assert (rows.groupby("sector").value.sum() - 100).abs().max() <= 1


def test_sectors_of_the_kit_stand_beside():
    found = ck.sector_shares("dep-59", {"transport": 1.0}).iloc[0]
    assert found.sector_kit == pytest.approx(panorama.shares(panorama.shared("dep-59")).target["transport"])


def test_what_cannot_be_used_is_said_at_once(says):
    with pytest.raises(LeverError) as refused:
        ck.sector_shares("dep-59", {"energie": 3, "agriculture_foret_sols": 2, "transports": 1, "industrie": -4})
    says(refused.value, "4 problèmes", "secteur « energie » : les parts de ses leviers ne font pas 100 %")
    says(refused.value, "secteur « agriculture_foret_sols » : chaque part y vaut 100 % d'une partie du secteur")
    says(refused.value, "secteur inconnu : « transports »", "Vouliez-vous dire « transport » ?")
    says(refused.value, "secteur « industrie » : « -4 » n'est pas un effort.")


@pytest.mark.parametrize(
    ("code", "said"), [("fr", "aucune"), ("reg-04", "La Réunion"), ("epci-200030435", "Nouvelle-Aquitaine")]
)
def test_a_territory_outside_one_region_of_the_mainland_is_refused(says, code, said):
    with pytest.raises(LeverError) as refused:
        ck.sector_shares(code, {"transport": 1})
    says(refused.value, "Les parts de chaque levier sont celles d'une région de métropole", said)


def test_no_effort_is_refused(says):
    with pytest.raises(LeverError) as refused:
        ck.sector_shares("dep-59", {})
    says(refused.value, "Efforts par secteur attendus", "transport")

"""The simulator in one file: what it holds, what it may do, and how it is written."""

import json
import re
from dataclasses import replace

import pytest

from copkit import escaping
from copkit.errors import SimulationError, TerritoryError
from copkit.models.levers import FOREST
from copkit.models.limits import limits
from copkit.models.panorama import LATEST
from copkit.simulator import static
from copkit.simulator.ground import ground, known

from . import hostile

LARGEST = 400_000  # bytes


@pytest.fixture(scope="module")
def north():
    return static.page("reg-32", "https://simulateur.exemple/")


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="donnees">(.*?)</script>', page, re.S)[1])


def test_page_holds_the_limits_of_every_lever(north, panoramas):
    known = limits(panoramas["reg-32"])
    levers = {lever["id"]: lever for lever in data_of(north)["levers"]}
    assert levers.keys() == known.keys()
    for name, limit in known.items():
        one = levers[name]["limit"]
        assert one["target"] == limit.target and levers[name]["translated"] == limit.translated
        if limit.translated:
            assert (one["start"], one["slope"], one["quantity"]) == (limit.start, limit.slope, limit.quantity)
    assert levers["vehicules_electriques"]["limit"]["kt_max"] == 7356.876839854607
    assert levers["bus_cars_decarbones"]["limit"]["kt_max"] is None
    assert levers[FOREST]["limit"]["closed"].startswith("objectif non régionalisé")
    assert not levers[FOREST]["shown"]


def test_page_names_its_date_version_sources_and_status(north, says):
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", north, flags=re.S)
    says(
        text,
        "Proposition indicative du SGPE, base de discussion, non prescriptive",
        "version sgpe-2024-10",
        "Simulateur territorial de la planification écologique",
    )
    says(
        text,
        "de 0 à 7 356,8 ktCO₂e/an, soit de 6,706 à 3 447,5 milliers de véhicules".replace(" 356", "\u202f356").replace(
            " 447", "\u202f447"
        ),
    )
    says(
        text,
        "pas plus de voitures électriques que de voitures dans le parc",
        "défini par le comité régional de l’énergie",
    )
    assert re.search(r"Page faite le (1er|\d+) \w+ 20\d\d \(copkit", text)


def test_policy_allows_the_texts_of_the_page_and_no_address(north):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', north)[1].replace("&#39;", "'")
    [style] = re.findall(r"<style>(.*?)</style>", north, re.S)
    assert hostile.unruly(north) == [] and north.count("<script>") == 1
    assert escaping.digest(style) in policy and "unsafe" not in policy
    assert not re.search(r"https?:", policy)
    markup = re.sub(r"<(script|style).*?</\1>", "", north, flags=re.S)
    markup = markup.replace('<link rel="icon" href="data:,">', "")
    assert not re.search(r"<(script|img|iframe|link)\b|\s(src|style|on\w+)=|url\(", markup)


@pytest.mark.parametrize("code", ["reg-32", "reg-94", "reg-06", "reg-01", "dep-59", "dep-75", "dep-2A", "fr"])
def test_page_stays_small_enough_to_be_sent(code):
    assert len(static.page(code).encode("utf-8")) < LARGEST


def test_an_epci_has_the_same_page_and_says_what_its_figures_are_worth(says):
    found = data_of(static.page("epci-200066926"))
    here = ground("epci-200066926", LATEST)
    assert [one["target"] for one in found["levers"]] == [known(one.target) for one in here.limits.values()]
    assert "« Gestion des puits forestiers »" in found["texts"]["hidden"].replace("\u00a0", " ")
    says(found["texts"]["worth"], "un ordre de grandeur", "aucun n’est un objectif qui lui serait fixé")
    assert {one["figures"] for one in found["levers"]} == {1, 2} and found["figures"] == 2
    assert data_of(static.page("dep-59"))["texts"]["worth"] == ""


def test_the_simulator_stops_at_the_epci(says):
    with pytest.raises(TerritoryError) as caught:
        static.page("com-59350")
    says(caught.value, "Le simulateur s'arrête aux EPCI", "« Lille »", "« epci-200093201 »")
    with pytest.raises(TerritoryError) as caught:
        static.page("com-29083")  # an island in no EPCI
    says(caught.value, "Écrire le code d'un EPCI")


@pytest.mark.parametrize(("figures", "written"), [(0, "337,2"), (1, "300"), (2, "340")])
def test_a_figure_goes_no_further_than_its_reference_is_worth(figures, written):
    here = ground("dep-59", LATEST)
    lever = "vehicules_electriques"
    other = replace(here, figures=here.figures | {lever: figures})
    assert other.kt(lever, here.limits[lever].target) == written
    assert [here.kt(lever, -37.2), here.kt(lever, 3.0)] == ["−40", "<\u00a010"]
    assert ground("reg-32", LATEST).kt(lever, -37.2) == "−37,2"  # published: as it is
    assert [here.sum(9207.6, 10013.0), here.sum(60.0, 10013.0), here.sum(60.4, 10013.0, finest=2)] == [
        "9\u202f000",
        "<\u00a01\u202f000",
        "60",
    ]


def test_a_page_knows_what_another_version_of_the_data_changes(damaged):
    rows = damaged.read("data/clean/panorama.csv").splitlines()
    older = [row.replace("sgpe-2024-10", "sgpe-2023-01", 1) for row in rows[1:]]
    older = [row.replace("reg-32,haies,113.4236", "reg-32,haies,93.4236") for row in older]
    damaged.write("data/clean/panorama.csv", "\n".join([*rows, *older, ""]))
    found = data_of(static.page("reg-32"))
    assert found["moved"].keys() == {"sgpe-2023-01"} and found["moved"]["sgpe-2023-01"].keys() == {"haies"}
    assert found["moved"]["sgpe-2023-01"]["haies"][0] == 93.4236
    before = data_of(static.served("reg-32", "/", "sgpe-2023-01"))
    assert before["latest"] == LATEST and before["moved"][LATEST]["haies"][0] == 113.4236


def test_link_opens_the_simulator_online(north):
    assert data_of(north)["host"] == {"kind": "file", "address": "https://simulateur.exemple/"}
    assert data_of(static.page("reg-32"))["host"]["address"] == ""


def test_unknown_and_bare_codes_are_refused(says):
    with pytest.raises(TerritoryError) as caught:
        static.page("32")
    says(caught.value, "« 32 »", "reg-32", "dep-32")


def test_file_is_written_whole_or_not_at_all(tmp_path, says):
    path = tmp_path / "simulateur.html"
    assert static.write("reg-94", path) == path
    assert path.read_text(encoding="utf-8") == static.page("reg-94")
    assert path.stat().st_mode & 0o777 == 0o644
    before = path.read_bytes()
    with pytest.raises(TerritoryError):
        static.write("reg-99", path)
    assert path.read_bytes() == before
    with pytest.raises(SimulationError) as caught:
        static.write("reg-94", tmp_path / "absent" / "simulateur.html")
    says(caught.value, "écriture impossible", "absent", "Choisir un autre fichier")
    (tmp_path / "dossier").mkdir()
    with pytest.raises(SimulationError):
        static.write("reg-94", tmp_path / "dossier")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["dossier", "simulateur.html"]

"""The page that browses a batch: what it holds, what it never holds, and that it is written whole or not at all."""

import json
import re
from html.parser import HTMLParser

import pytest

from copkit import french, paths
from copkit.batch import index
from copkit.reference import territories

from . import hostile

REASON = "data/clean/panorama.csv, ligne 412 : valeur absente pour « haies »."
LOADING = {"src", "srcset", "poster", "data", "action", "formaction", "background", "xlink:href"}


def run(code, name, level, **changes):
    files = {kind: f"{code}/diagnostic.{kind}" for kind in ("html", "xlsx", "ipynb")}
    plain = {"territory": code, "name": name, "level": level, "region": None, "notebook": "diagnostic"}
    return plain | {"status": "ok", "error": None, "duration_s": 3.2, "files": files} | changes


def manifest(**changes):
    """A run of each région and département; ``changes`` by code, None to leave one out."""
    table = territories.table()
    rows = table[table.level.isin(["region", "departement"])].to_dict("records")
    runs = [
        run(row["code"], row["name"], row["level"], **changes.get(row["code"].replace("-", "_"), {}))
        for row in rows
        if changes.get(row["code"].replace("-", "_"), {}) is not None
    ]
    return {"copkit": "0.1.0", "data_version": "sgpe-2024-10", "updated": "2026-11-21T18:00:00", "runs": runs}


class Page(HTMLParser):
    """Links, everything that could load something, and the text."""

    def __init__(self, markup):
        super().__init__()
        self.links, self.loading, self.text, self.ids, self.skipped = [], [], [], [], None
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.ids += [named["id"]] if named.get("id") else []
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
        elif "href" in named or tag in ("link", "iframe", "object", "embed", "base", "img", "image", "use"):
            self.loading.append((tag, attrs))
        self.loading += [(tag, name, value) for name, value in attrs if name in LOADING]
        self.skipped = tag if tag in ("style", "script") else None

    def handle_endtag(self, tag):
        self.skipped = None

    def handle_data(self, data):
        if self.skipped is None:
            self.text.append(data)
        elif re.search(r"@import|url\((?!#)|https?://(?!www\.w3\.org/2000/svg)", data):
            self.loading.append((self.skipped, data))


def shown(page):
    return " ".join("".join(page.text).split())


@pytest.fixture(scope="module")
def outlines():
    return json.loads(paths.clean_data("contours.json").read_text(encoding="utf-8"))


def test_outlines_cover_exactly_the_departements_of_the_reference(outlines):
    table = territories.table()
    assert set(outlines["departements"]) == set(table[table.level == "departement"].code)
    assert len(outlines["departements"]) == 101


def test_outlines_are_closed_light_and_inside_the_drawing(outlines):
    _, _, width, height = outlines["viewBox"]
    for code, departement in outlines["departements"].items():
        assert re.fullmatch(r"(M[-\d.,]+l[-\d., ]+z)+", departement["path"]), code
        x, y = departement["label"]
        assert 0 < x < width and 0 < y < height
    assert paths.clean_data("contours.json").stat().st_size < 120_000


def test_insets_hold_the_overseas_departements_and_overlap_nothing(outlines):
    assert [inset["code"] for inset in outlines["insets"]] == ["dep-971", "dep-972", "dep-973", "dep-974", "dep-976"]
    boxes = [*(inset["box"] for inset in outlines["insets"]), outlines["zoom"]["box"]]
    starts = [
        (float(x), float(y))
        for code, departement in outlines["departements"].items()
        if not code.startswith("dep-97")
        for x, y in re.findall(r"M([-\d.]+),([-\d.]+)", departement["path"])
    ]
    for i, (x, y, w, h) in enumerate(boxes):
        assert not any(x < px < x + w and y < py < y + h for px, py in starts)
        for x2, y2, w2, h2 in boxes[i + 1 :]:
            assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y
    for inset in outlines["insets"]:
        x, y, w, h = inset["box"]
        label = outlines["departements"][inset["code"]]["label"]
        assert x < label[0] < x + w and y < label[1] < y + h


def test_outlines_say_where_they_come_from(outlines):
    assert outlines["licence"] == "CC BY 4.0"
    assert "Victor Cazanave" in outlines["attribution"] and "Natural Earth" in outlines["attribution"]


def test_page_links_every_file_of_every_run():
    made = manifest()
    page = Page(index.render(made, effort={}))
    assert {file for run in made["runs"] for file in run["files"].values()} <= set(page.links)
    assert len(made["runs"]) == 119


def test_page_loads_nothing_and_only_the_outlines_link_to_the_network():
    markup = index.render(manifest(reg_32={"status": "failed", "error": REASON}), effort={"dep-59": 4321.4})
    page = Page(markup)
    assert page.loading == []
    outside = {link for link in page.links if re.match(r"[a-z]+:|//", link)}
    assert outside and all(re.search("svg-maps|creativecommons|naturalearth", link) for link in outside)
    assert hostile.unruly(markup) == [] and "unsafe" not in markup and " style=" not in markup


def test_every_inner_link_leads_somewhere():
    page = Page(index.render(manifest(reg_32={"status": "failed", "error": REASON}), effort={}))
    inner = {link[1:] for link in page.links if link.startswith("#")}
    assert "echec-reg-32-diagnostic" in inner
    assert inner <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_failed_territory_shows_its_reason_and_keeps_its_earlier_files():
    page = Page(index.render(manifest(reg_32={"status": "failed", "error": REASON}), effort={}))
    assert REASON in shown(page)
    assert "Version antérieure" in shown(page)
    assert "reg-32/diagnostic.html" in page.links
    assert "118 territoires sur 119 (17 régions, 101 départements)" in shown(page)


def test_failed_territory_without_files_is_still_listed():
    page = Page(index.render(manifest(dep_59={"status": "failed", "error": None, "files": {}}), effort={}))
    assert "Nord (département 59), diagnostic raison non enregistrée" in shown(page)
    assert "Version antérieure" not in shown(page)


def test_reason_shows_no_folder_of_the_machine():
    error = "OSError : /srv/lots/2026/reg-32/x.html illisible, C:\\Lots\\data\\a.csv absent, en ktCO2e/an/millier_km"
    text = shown(Page(index.render(manifest(reg_32={"status": "failed", "error": error}), effort={})))
    assert "/srv" not in text and "Lots" not in text
    assert "OSError : x.html illisible, a.csv absent, en ktCO₂e/an/millier_km" in text


def test_territory_without_a_run_is_shown_as_not_produced_yet():
    page = Page(index.render(manifest(dep_48=None), effort={}))
    assert "Lozère" in shown(page) and "pas encore produit" in shown(page)
    assert not any("dep-48" in link for link in page.links)


def test_effort_is_written_in_french_and_unknown_is_not_zero():
    markup = index.render(manifest(), effort={"dep-59": 4321.4, "dep-32": float("nan")})
    assert f"Nord (département 59)\u00a0: 4{french.NARROW}321\u00a0ktCO₂e/an" in markup
    assert "Gers (département 32)\u00a0: effort n.d." in markup


def test_names_have_their_apostrophes():
    markup = index.render(manifest(), effort={})
    assert "Côte-d’Or" in shown(Page(markup)) and "Côte-d'Or" not in shown(Page(markup))


def test_several_notebooks_of_one_territory_are_told_apart():
    made = manifest()
    files = {"html": "dep-59/comparaison.html"}
    changes = {"notebook": "comparaison", "title": "Comparaison de plans", "files": files}
    made["runs"].insert(0, run("dep-59", "Nord", "departement", **changes))
    made["runs"].insert(0, run("dep-62", "Pas-de-Calais", "departement", notebook="essai"))
    markup = index.render(made, effort={})
    assert "Comparaison de plans" in shown(Page(markup)) and "essai" in shown(Page(markup))
    assert "dep-59/comparaison.html" in Page(markup).links
    assert re.search(r'<a href="dep-59/diagnostic.html" aria-label="Nord', markup), "the map opens the diagnostic"


def test_run_of_a_territory_that_the_reference_ignores_is_not_lost():
    made = manifest()
    made["runs"].append(run("zone-1", "Invented zone", "zone"))
    page = Page(index.render(made, effort={}))
    assert "zone-1/diagnostic.html" in page.links and index.OTHER_GROUP in shown(page)


def test_territories_smaller_than_a_departement_are_listed_under_it_each_once():
    made = manifest()
    made["runs"] += [run("epci-247600588", "CC des Villes Soeurs", "epci"), run("per-pays", "Pays", "perimetre")]
    page = Page(index.render(made, effort={"epci-247600588": 123.4}))
    said = shown(page)
    assert page.links.count("epci-247600588/diagnostic.html") == 1 == page.links.count("per-pays/diagnostic.html")
    assert "Seine-Maritime (76) : 1 territoire" in said and "≈ 120 kt" in said and index.OTHER_GROUP not in said
    assert "2 territoires plus petits qu’un département" in said


def test_index_of_small_territories_alone_has_no_map_and_no_list_of_what_nobody_asked_for():
    made = {"runs": [run("epci-247600588", "CC des Villes Soeurs", "epci")]}
    text = index.render(made, effort={})
    assert "<svg" not in text and "pas encore produit" not in text and 'id="recherche"' in text
    assert len(text) < 30_000 and hostile.unruly(text) == []


def test_text_of_the_manifest_is_escaped():
    page = index.render(manifest(reg_32={"status": "failed", "error": "<script>alert(1)</script>"}), effort={})
    assert "<script>alert(1)" not in page

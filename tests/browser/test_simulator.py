"""The simulator as a visitor meets it, in a real Chromium: one file, and the same page from a server."""

import io
import re
from io import BytesIO
from urllib.parse import urlsplit

import openpyxl
import pandas as pd
import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from copkit import french
from copkit.models import worth
from copkit.models.panorama import LATEST, panorama, total
from copkit.simulator import exports, links, static
from copkit.simulator.ground import ground
from copkit.simulator.page import page as page_of
from copkit.simulator.state import Entry
from copkit.simulator.view import view

from ..access import ALIKE, axe
from ..conftest import LONG, every
from .conftest import HANG

CARS, HEDGES, LIVESTOCK = "vehicules_electriques", "haies", "elevage_durable"
INDUSTRY = "production_industrielle"


def kt(value, decimals=0):
    return french.number(value, decimals)


class Visit:
    """A page of the simulator, as hands use it."""

    def __init__(self, page):
        self.page = page
        self.verdict, self.panel = page.locator(".ck-verdict"), page.locator(".ck-aside")

    def step(self, name):
        self.page.locator(".ck-flow label", has_text=name).click()

    def search(self, words):
        self.page.fill("#copkit-recherche", words)
        self.page.press("#copkit-recherche", "Enter")

    def aim(self, lever, value, unit="kt"):
        """Open a lever by its name and write a target."""
        self.search(page_label(lever))
        self.page.fill(f"#copkit-objectif-{unit}-{lever}", value)

    def row(self, lever):
        return self.page.locator(f".ck-row-lever[data-lever={lever}]")

    def button(self, name):
        return self.page.get_by_role("button", name=name, exact=True)

    def link(self):
        return self.page.locator(".copkit-simulateur").get_attribute("data-link")

    def state(self):
        return links.from_query(self.link())[0]


def blamed(page):
    """What axe has to say of a page, whose rows all alike are taken out: it is not the same any more."""
    page.evaluate(ALIKE)
    return axe(page)[1]


def page_label(lever):
    return ground("reg-32", LATEST).tiles[lever].label


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "simulateur.html"
    static.write("reg-32", path)
    return path.as_uri()


@pytest.fixture
def visit(page, file):
    def go(link="", width=1280):
        page.goto("about:blank")
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{file}#{link.lstrip('?')}" if link else file)
        expect(page.locator(".ck-bar")).to_be_visible()
        return Visit(page)

    yield go
    assert page.said == [] and [url for url in page.asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_page_opens_on_today_with_what_was_observed_and_says_no_more(visit):
    one = visit()
    opened = view(page_of("reg-32"), links.opening("reg-32"))["totals"]["without_forest"]
    done, reference = opened["done"], opened["reference"]
    expect(one.verdict).to_have_text(f"Déjà fait {kt(done)} sur {kt(reference)}, reste {kt(reference - done)}")
    assert reference == pytest.approx(total(panorama("reg-32"), forest=False))
    expect(one.page.locator(".ck-bar")).to_have_attribute("data-status", "neutral")
    expect(one.row(CARS)).to_contain_text("50,0 faits sur 941 kt")
    expect(one.row(HEDGES)).to_contain_text("n.d. sur 113 kt")  # no series: unknown, not zero
    expect(one.row("chaudieres_fioul_tertiaire")).to_contain_text("−268 observés sur 576 kt")  # the other way
    one.search("véhicules élec")
    expect(one.panel).to_contain_text("15\u202f% du parc de voitures particulières en 2030")
    expect(one.page.locator(f"#copkit-fait-kt-{CARS}")).to_be_focused()  # today, what is done
    expect(one.page.locator(f"#copkit-fait-q-{CARS}")).to_have_value("30,1")
    expect(one.panel).to_contain_text("Prérempli\u00a0: 2022. SGPE")
    assert one.state().levers == links.opening("reg-32").levers


def test_where_nothing_done_is_known_the_page_opens_on_the_reference(page, tmp_path):
    static.write("dep-59", tmp_path / "nord.html")
    page.goto((tmp_path / "nord.html").as_uri())
    expect(page.locator(".ck-lead")).to_contain_text("les chiffres sont ceux de la référence")
    shown = page.locator(".ck-view [data-words], .ck-view [data-figure], .ck-heads, .ck-sector-list").all_inner_texts()
    assert len(shown) > 30 and "n.d." not in "".join(shown)
    nord = panorama("dep-59")
    written = worth.write(float(nord.target.sel(lever=INDUSTRY)), worth.levers(nord)[INDUSTRY])
    expect(page.locator(".ck-view")).to_contain_text(f"Production industrielle\n{written}")
    page.locator("#copkit-recherche").fill("Production industrielle")
    page.locator("#copkit-recherche").press("Enter")
    page.locator(f"#copkit-fait-kt-{INDUSTRY}").fill("100")
    expect(page.locator(".ck-sector-list")).to_contain_text("100 faits sur")  # from then on, what is done
    expect(page.locator(".ck-sector-list")).to_contain_text("n.d. sur")


def test_a_lever_is_reached_in_few_keys_and_both_units_give_each_other(visit):
    one = visit("?territoire=reg-32&v=sgpe-2024-10&etape=3")
    for key in ("Tab", "Enter", *"haies", "Enter"):  # eight keys
        one.page.keyboard.press(key)
    expect(one.page.locator(f"#copkit-objectif-kt-{HEDGES}")).to_be_focused()
    one.page.keyboard.type("50")
    expect(one.page.locator(f"#copkit-objectif-q-{HEDGES}")).to_have_value("1,67")
    expect(one.verdict).to_have_text("Manque 63 ktCO₂e/an")
    expect(one.page.locator(".ck-changes")).to_contain_text("50,0 ktCO₂e/an, soit 1,67 milliers de km")
    expect(one.row(HEDGES)).to_contain_text("−63 · à justifier")
    one.button("Annuler").click()
    expect(one.verdict).to_contain_text("à éviter d’ici 2030")
    one.search(page_label(CARS))
    one.page.fill(f"#copkit-fait-kt-{CARS}", "50")
    one.aim(CARS, "300", "q")
    expect(one.page.locator(f"#copkit-objectif-kt-{CARS}")).to_have_value("627,1")
    expect(one.panel).to_contain_text("Dont 50,0 déjà faits, reste 577,1 ktCO₂e/an.")
    one.page.fill(f"#copkit-fait-q-{CARS}", "53,476")
    expect(one.page.locator(f"#copkit-fait-kt-{CARS}")).to_have_value("100,0")
    expect(one.panel).to_contain_text("Dont 100,0 déjà faits, reste 527,1 ktCO₂e/an.")


def test_an_impossible_target_is_refused_beside_its_field_and_words_are_not_numbers(visit):
    one = visit()
    one.step("Objectifs")
    one.aim(CARS, "20", "q")
    field = one.page.locator(f"#copkit-objectif-q-{CARS}")
    expect(one.panel.get_by_role("alert")).to_contain_text("c’est moins que ce qui est déjà fait")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(one.verdict).to_contain_text("Déjà fait")
    field.fill("beaucoup")
    expect(one.panel.get_by_text("Écrire un nombre, par exemple").locator("visible=true")).to_be_visible()
    field.fill("")
    field.press("Tab")
    expect(one.panel.locator("[role=alert]")).to_have_text("")
    one.search("forestiers")
    expect(one.panel).to_contain_text("Objectif non régionalisé")
    assert one.panel.locator("input").count() == 0


def test_a_tile_opens_its_lever_and_fills_to_what_is_proposed(visit):
    one = visit()
    one.step("Objectifs")
    tile = one.page.locator(f".ck-tile[data-lever={LIVESTOCK}]")
    tile.click()
    expect(one.panel.get_by_role("heading", name="Élevage durable")).to_be_focused()
    one.page.fill(f"#copkit-objectif-kt-{LIVESTOCK}", "160,89675")
    filled = "t => t.querySelector('.ck-tile-fill').offsetHeight / t.clientHeight"
    assert tile.evaluate(filled) == pytest.approx(0.5, abs=0.02)
    switch = one.row(LIVESTOCK).get_by_role("switch")
    switch.click()
    expect(one.verdict).to_contain_text("Déjà fait")
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(one.verdict).to_have_text("Manque 161 ktCO₂e/an")
    first = one.page.locator(".ck-tile[tabindex='0']")
    first.focus()
    one.page.keyboard.press("ArrowRight")
    assert one.page.evaluate("document.activeElement.className.includes('ck-tile')")
    named = one.page.locator(".ck-tile").evaluate_all(
        "all => all.filter(t => t.querySelector('.ck-tile-words').dataset.words.length < 5 "
        "|| t.querySelector('.ck-tile-words').dataset.words === 'number').map(t => t.dataset.lever)"
    )
    keyed = one.page.locator(".ck-key [data-figure]").evaluate_all("all => all.map(t => t.dataset.figure)")
    small = one.page.locator(".ck-tile-words:is([data-words=number], [data-words=none])").count()
    assert len(keyed) == small and set(keyed) <= {*named, *keyed}
    one.page.locator(".ck-sector", has_text="Transport").click()
    inside = sum(tile.sector == "transport" for tile in ground("reg-32", LATEST).tiles.values())
    expect(one.page.locator(".ck-row-lever")).to_have_count(inside)
    one.page.get_by_label("Changés seulement").check()
    expect(one.page.get_by_text("Aucun levier ne correspond")).to_be_visible()


def test_a_lack_is_made_up_for_net_of_what_would_be_counted_twice(visit):
    one = visit(links.to_query(links.opening("reg-32").having(levers={CARS: Entry(value=600.0)}))[0])
    one.button("Compenser").click()
    for name in ("Covoiturage", "Vélo et transport en commun"):
        one.panel.get_by_label(name, exact=True).check()
    one.button("Calculer").click()
    said = one.panel.get_by_role("status").first
    expect(said).to_contain_text("Compensé\u00a0: 340,8 ktCO₂e/an repris par Covoiturage")
    expect(said).to_contain_text("parce que des leviers agissent sur la même quantité")
    expect(one.panel.locator("table")).to_contain_text("sans borne")
    one.button("Accepter").click()
    expect(one.verdict).to_have_text("Compensé")
    # by hand, to the same kt: the sum is right, the joint effect is not, and the bar says so
    one = visit(
        links.to_query(
            links.opening("reg-32").having(
                levers={CARS: Entry(value=600.0), "covoiturage": Entry(value=266.7976 + 341.0)}
            )
        )[0]
    )
    expect(one.verdict).to_contain_text("en effet conjoint")
    expect(one.page.locator(".ck-bar")).to_have_attribute("data-status", "doubtful")


def test_scenarios_are_compared_and_the_reference_lacks_nothing(visit):
    one = visit("?territoire=reg-32&v=sgpe-2024-10&nom=B&l=haies:k:13.4236")
    one.button("Garder ce scénario").click()
    row = one.page.locator(".ck-across tr", has_text="Manque, hors forêt").locator("td")
    assert row.all_inner_texts() == ["0", "100", "100"]
    one.button("Annuler").click()
    expect(one.page.locator(".ck-kept li")).to_have_count(0)


def test_a_link_opens_on_the_result_with_what_changed_and_its_version(visit):
    levers = {HEDGES: Entry(value=50.0, why="Accord local", source="Chambre")}
    one = visit(links.to_query(links.opening("reg-32").having(levers=levers, name="Bocage"))[0])
    changes = one.page.locator(".ck-changes")
    expect(changes).to_be_in_viewport()
    expect(changes).to_contain_text("Scénario «\u00a0Bocage\u00a0», Hauts-de-France, données sgpe-2024-10")
    expect(changes).to_contain_text("Accord local – Chambre")
    assert one.state().levers == levers
    one = visit("?territoire=reg-32&v=sgpe-1999&l=haies:k:50&l=biogaz:k:3")
    expect(one.page.locator(".ck-warnings")).to_contain_text("sgpe-1999")
    expect(one.page.locator(".ck-warnings")).to_contain_text("Biogaz\u00a0: levier fermé")


def test_the_table_has_the_figures_of_the_library_s_and_leaves_as_a_draft(visit):
    one = visit("?territoire=reg-32&v=sgpe-2024-10&nom=Été&l=haies:q:1.5:20&p=haies:=1%2B1")
    for excel in (False, True):
        with one.page.expect_download() as got:
            one.button("Table CSV pour Excel" if excel else "Table CSV").click()
        name, _, data = exports.export(page_of("reg-32"), one.state(), "csv_excel" if excel else "csv")
        assert got.value.suggested_filename == name and "brouillon" in name
        style = {"sep": ";", "decimal": ",", "encoding": "utf-8-sig"} if excel else {}
        found = pd.read_csv(got.value.path(), **style)
        pd.testing.assert_frame_equal(found, pd.read_csv(io.BytesIO(data), **style))


def test_paper_has_one_page_of_result_then_every_lever(visit):
    levers = {
        HEDGES: Entry(value=50.0, why="Accord local", source="Chambre"),
        CARS: Entry(value=600.0),
        "covoiturage": Entry(value=300.0),
    }
    one = visit(links.to_query(links.opening("reg-32").having(levers=levers))[0])
    pdf = PdfReader(BytesIO(one.page.pdf(prefer_css_page_size=True, print_background=True)))
    texts = [" ".join(one.extract_text().split()) for one in pdf.pages]
    assert 2 <= len(texts) <= 3 and all(page.mediabox.width > page.mediabox.height for page in pdf.pages)
    for said in (
        "Manque",
        "Par secteur",
        "Accord local – Chambre",
        "Brouillon : 2 objectifs à justifier",
        *(page_label(lever) for lever in levers),
    ):
        assert said in texts[0], said
    rest = " ".join(texts[1:])
    assert all(tile.label in rest for tile in ground("reg-32", LATEST).tiles.values())
    assert not one.page.locator(".ck-full").evaluate("e => e.open")  # as it was on the screen


def test_nothing_overflows_and_a_change_is_seen_with_its_effect_on_a_telephone(visit):
    one = visit(f"?territoire=reg-32&v=sgpe-2024-10&levier={CARS}&l={CARS}:k:600")
    for width in (360, 640, 1280, 1920):
        one.page.set_viewport_size({"width": width, "height": 900})
        assert one.page.evaluate("document.documentElement.scrollWidth") <= width
    one.page.set_viewport_size({"width": 390, "height": 844})
    one.page.locator(f"#copkit-objectif-kt-{CARS}").fill("500")
    expect(one.verdict).to_have_text("Manque 441 ktCO₂e/an")
    for part in (one.verdict, one.page.locator(f"#copkit-objectif-kt-{CARS}")):
        expect(part).to_be_in_viewport()


LEVER, LACK = "a lever, everything unfolded", "what makes up for a lack"


@pytest.mark.parametrize(("width", "shown"), every(3, [(390, LEVER), (390, LACK), (1280, LEVER), (1280, LACK)]))
def test_axe_finds_nothing(visit, width, shown):
    one = visit(
        f"?territoire=reg-32&v=sgpe-2024-10&levier={CARS}&l={CARS}:k:600&l=covoiturage:k:300&nom=A&g=B~haies:k:3", width
    )
    one.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    if shown == LACK:
        one.button("Fermer").click()
        one.button("Compenser").click()
    assert blamed(one.page) == {}


def asked(label, others):
    """The fewest letters that lead the search to a lever: the starts of a word or two, that none before it has."""
    words, before = re.findall(r"[a-z0-9]{2,}", french.plain(label)), [french.plain(other) for other in others]
    starts = [word[:size] for word in words for size in range(2, min(len(word), 6) + 1)]
    pairs = [(one,) for one in starts] + [(one, other) for one in starts for other in starts]
    found = (" ".join(pair) for pair in pairs if not any(all(one in other for one in pair) for other in before))
    return min(found, key=len)


def test_gestures_by_keyboard_alone_and_any_lever_in_twelve_keys(visit):
    one, tiles = visit("?territoire=reg-32&v=sgpe-2024-10&etape=3"), list(ground("reg-32", LATEST).tiles.values())
    keys = one.page.keyboard
    sought = [asked(tile.label, [other.label for other in tiles[:n]]) for n, tile in enumerate(tiles)]
    assert max(map(len, sought)) + 3 <= 12  # Tab and Enter to the search, what is typed, Enter
    keys.press("Tab")
    keys.press("Enter")
    for tile, words in every(6, zip(tiles, sought, strict=True)):
        for key in (*words, "Enter"):
            keys.press(key)
        expect(one.panel.locator("h2")).to_have_text(tile.label)
        if not ground("reg-32", LATEST).limits[tile.lever].closed:
            expect(one.page.locator(f"#copkit-objectif-kt-{tile.lever}")).to_be_focused()
            keys.press("ArrowDown")
            expect(one.row(tile.lever).locator(".ck-rowgap")).to_contain_text("à justifier")
        keys.press("Escape")  # closes the panel, back in the search
        keys.press("Escape")  # empties it
        expect(one.page.locator("#copkit-recherche")).to_have_value("")
    changed = one.page.locator(".ck-changes tbody tr").count()
    keys.press("Control+z")
    expect(one.page.locator(".ck-changes tbody tr")).to_have_count(changed - 1)


def test_colours_of_the_machine_leave_what_is_done_and_chosen_to_be_seen(visit):
    one = visit(f"?territoire=reg-32&v=sgpe-2024-10&etape=3&l={CARS}:k:600:100")
    one.page.emulate_media(forced_colors="active")
    paper = one.page.evaluate("getComputedStyle(document.querySelector('.ck-bar')).backgroundColor")
    parts = (".ck-bar .ck-filled", f".ck-tile[data-lever={CARS}] .ck-tile-fill", ".ck-radios input:checked + label")
    for part in (*parts, ".ck-gauge .ck-mark", "[aria-checked=true] > .ck-knob"):
        shown = one.page.locator(part).first.evaluate("e => getComputedStyle(e).backgroundColor")
        assert shown not in (paper, "rgba(0, 0, 0, 0)"), part
    assert blamed(one.page) == {}


def test_a_link_on_older_data_says_each_reference_that_changed(page, damaged, tmp_path):
    rows = damaged.read("data/clean/panorama.csv").splitlines()
    older = [row.replace("sgpe-2024-10", "sgpe-2023-01", 1) for row in rows[1:]]
    older = [row.replace("reg-32,haies,113.4236", "reg-32,haies,93.4236") for row in older]
    damaged.write("data/clean/panorama.csv", "\n".join([*rows, *older, ""]))
    file = static.write("reg-32", tmp_path / "s.html").as_uri()
    page.goto(f"{file}#territoire=reg-32&v=sgpe-2023-01&l=haies:k:50")
    moved = page.locator(".ck-moved")
    expect(moved).to_contain_text("Lien fait sur les données sgpe-2023-01")
    expect(moved.locator("tr", has_text="Gestion des haies (changé")).to_contain_text("93,4 ktCO₂e/an")
    expect(moved.locator("tr", has_text="Gestion des haies (changé").locator("td").last).to_have_text("+20,0")
    expect(moved.locator("tbody tr")).to_have_count(2)  # the total, and what changed
    page.goto(f"{file}#territoire=reg-32&v=sgpe-2024-10&l=haies:k:50")
    expect(moved).to_have_count(0)


def test_page_without_javascript_shows_the_references(chromium, file):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file)
    expect(page.get_by_text("Sans JavaScript, cette page montre les références")).to_be_visible()
    expect(page.get_by_role("row", name="Véhicules électriques")).to_contain_text("940,8")
    context.close()


# ------------------------------------------------------------------ from a server


def test_a_visitor_finds_a_territory_and_plays_without_a_kernel_and_without_the_network(served, chromium):
    context = chromium.new_context(accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(HANG)
    said, sizes = [], []
    page.on("console", lambda one: said.append(one.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    sessions = served.health()["sessions"]
    page.goto(served.url)
    assert blamed(page) == {}
    sizes.clear()
    page.goto(served.url)
    page.fill("#recherche", "grand auch")
    expect(page.locator("#dit")).to_have_text("Entrée ouvre « 32 CA Grand Auch Coeur de Gascogne ».")
    expect(page.locator(".ck-epci a")).to_have_attribute("href", "?territoire=epci-200066926")
    page.fill("#recherche", "Nord")
    expect(page.locator("#dit")).to_have_text("Entrée ouvre « 59 Nord ».")
    page.press("#recherche", "Enter")
    one = Visit(page)
    expect(page.get_by_role("heading", name="Nord\u00a0: quel effort d’ici 2030")).to_be_visible()
    assert len(sizes) < 20 and sum(sizes) < 300_000
    one.step("Objectifs")
    expect(one.row(CARS)).to_contain_text("340 sur 340 kt")  # keys share it out: two figures
    one.aim(HEDGES, "5")
    expect(page).to_have_url(re.compile("territoire=dep-59&.*l=haies:k:5"))
    assert served.health()["sessions"] <= sessions
    context.set_offline(True)
    page.fill(f"#copkit-objectif-kt-{HEDGES}", "6")
    expect(page.locator(".ck-changes")).to_contain_text("6,0 ktCO₂e/an")
    one.button("Calculer la probabilité").click()
    expect(page.get_by_text("Le serveur ne répond pas")).to_be_visible()
    context.set_offline(False)
    one.button("Calculer la probabilité").click()
    expect(page.get_by_text("Neuf fois sur dix")).to_be_visible()
    with page.expect_download() as got:
        one.button("Classeur XLSX").click()
    assert "brouillon" in got.value.suggested_filename
    sheet = openpyxl.load_workbook(BytesIO(got.value.path().read_bytes()))["Simulateur"]
    assert [row[5] for row in sheet.iter_rows(values_only=True) if row[0] == HEDGES] == [6]
    if LONG:  # as offline, for the page; test_simulator_server: as closed, for the server
        served.stop()
    else:
        context.set_offline(True)
    page.fill(f"#copkit-objectif-kt-{HEDGES}", "7")
    one.button("Document PDF").click()
    expect(page.get_by_text("Le serveur ne répond pas")).to_be_visible()
    if LONG:
        served.start(port=urlsplit(served.url).port)
    else:
        context.set_offline(False)
    with page.expect_download() as got:
        one.button("Document PDF").click()
    assert (
        "brouillon" in got.value.suggested_filename and "7,0 kt" in PdfReader(got.value.path()).pages[0].extract_text()
    )
    page.reload()
    expect(page.locator(".ck-changes")).to_contain_text("7,0 ktCO₂e/an")
    assert served.health()["sessions"] <= sessions
    assert [text for text in said if "net::ERR_" not in text] == []
    context.close()


def test_the_notebook_shows_the_same_page_and_python_follows_it(served, chromium):
    page = chromium.new_page()
    page.set_default_timeout(HANG)
    page.goto(f"{served.url}carnet?territoire=reg-32&v=sgpe-2024-10&l=haies:k:50")
    one = Visit(page)
    expect(one.verdict).to_have_text("Manque 63 ktCO₂e/an")
    one.button("Calculer la probabilité").click()
    expect(page.get_by_text("Neuf fois sur dix")).to_be_visible()
    page.locator(".ck-head select").select_option("reg-53")
    expect(page.get_by_role("heading", name="Bretagne\u00a0: quel effort")).to_be_visible()
    page.close()

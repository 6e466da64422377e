"""The simulator in one file, opened from disk in a real Chromium: figures, refusals, link, keyboard, no request."""

import csv
import math
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

import copkit as ck
from copkit import french
from copkit.models.gaps import gap_sentence
from copkit.models.limits import KT, QUANTITY, limits
from copkit.simulator import links, static

from ..conftest import LONG
from .conftest import HANG

CODES = ["reg-32", "dep-59", "reg-03"]
CONVERTED = ["reg-94", "dep-59", "fr"]
CARS = "vehicules_electriques"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Territory → address of its page on disk, made when asked for."""
    folder, made = tmp_path_factory.mktemp("simulateur"), {}

    def address(code):
        if code not in made:
            made[code] = static.write(code, folder / f"{code}.html").as_uri()
        return made[code]

    return address


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    opened = context.new_page()
    opened.set_default_timeout(HANG)
    opened.wrong = []
    opened.on(
        "request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else opened.wrong.append(r.url)
    )
    opened.on("pageerror", lambda error: opened.wrong.append(str(error)))
    opened.on("console", lambda message: opened.wrong.append(message.text) if message.type != "log" else None)
    yield opened
    assert opened.wrong == [], "no request, no error, nothing that the policy refuses"
    context.close()


def visit(page, address):
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_selector("html[data-ready] #panorama svg")


def typed(page, field, text):
    page.locator(f"#{field}").fill(text)
    settled(page)


def settled(page):
    page.evaluate("() => new Promise(ok => requestAnimationFrame(() => requestAnimationFrame(ok)))")


def as_typed(value):
    return repr(value).replace(".", ",")


def cells(page, row):
    return {
        name: page.locator(f"#{row} .{name}").inner_text()
        for name in ("reference", "proposed", "deficit", "surplus", "net")
    }


def expected(table, group="total", convention="sans forêt"):
    row = table[(table.group == group) & (table.convention == convention)].iloc[0]
    net = summed(-row.net)
    return summed(row.deficit), summed(row.surplus), f"+{net}" if row.net < 0 and net != "0" else net


def summed(value):
    """With no more digits than a sum is worth."""
    text = french.number(value, 0 if abs(value) >= 100 else 1)
    return "0" if text == "0,0" else text


@pytest.mark.parametrize(("rank", "code"), [*enumerate(CONVERTED)], ids=CONVERTED)
def test_conversions_of_the_page_are_those_of_the_library(page, files, rank, code):
    """Each lever on one of the three pages, in turn; « long »: each on each."""
    visit(page, files(code))
    p = ck.panorama(code)
    levers = [lever for lever, one in limits(p).items() if not one.closed and one.translated and one.target > 0]
    assert len(levers) >= 15
    for lever in levers if LONG else levers[rank :: len(CONVERTED)]:
        limit = limits(p)[lever]
        kt = limit.target * 0.73
        typed(page, f"kt-{lever}", as_typed(kt))
        there = ck.convert(p, lever, kt=kt).quantity
        expect(page.locator(f"#quantity-{lever}")).to_have_value(french.quantity(there))
        typed(page, f"quantity-{lever}", as_typed(there))
        back = ck.convert(p, lever, quantity=there).kt
        expect(page.locator(f"#kt-{lever}")).to_have_value(french.number(back))
        assert math.isclose(back, kt, rel_tol=1e-9)


@pytest.mark.parametrize("code", ["reg-32", "reg-06"])
def test_gauge_is_the_shortfall_of_the_library(page, files, code):
    visit(page, files(code))
    p, changes = ck.panorama(code), {}
    levers = [lever for lever, one in limits(p).items() if not one.closed and one.target > 0]
    for n, lever in enumerate(levers[:8]):
        changes[lever] = float(p.target.sel(lever=lever)) * (0.5 if n % 3 else 1.25)
        typed(page, f"kt-{lever}", as_typed(changes[lever]))
    s = ck.simulate(p, changes)
    whole, sectors = ck.shortfall(s), ck.shortfall(s, by="sector")
    for row, convention in (("sans-foret", "sans forêt"), ("avec-foret", "avec forêt")):
        shown = cells(page, row)
        assert (shown["deficit"], shown["surplus"], shown["net"]) == expected(whole, convention=convention)
        kept = s if convention == "avec forêt" else s.sel(lever=s.lever != "puits_forestiers")
        assert shown["proposed"] == summed(float(kept.proposed.sum()))
        assert shown["reference"] == summed(ck.totals(p).total[convention])
    for convention in ("sans forêt", "avec forêt"):
        page.locator("#foret").set_checked(convention == "avec forêt")
        settled(page)
        for sector in sectors.group[sectors.convention == convention]:
            shown = cells(page, f"secteur-{sector}")
            assert (shown["deficit"], shown["surplus"], shown["net"]) == expected(sectors, sector, convention)


def test_figures_are_rounded_as_the_library_rounds_them(page, files):
    """98.55 is a little less than itself, 0.25 is exact: Intl would write 98,6 and 0,3."""
    visit(page, files("reg-32"))
    for value in (98.55, 0.25, 0.75, 1234.45, 0.05, 12.5, 999.95, 1e5 + 0.25):
        typed(page, "kt-elevage_durable", as_typed(value))
        assert page.locator("#ligne-elevage_durable .proposed").text_content() == french.number(value)


def test_surplus_never_hides_a_deficit(page, files):
    visit(page, files("reg-32"))
    typed(page, "kt-haies", "13,4236")
    typed(page, f"kt-{CARS}", "2000")
    shown = cells(page, "sans-foret")
    assert (shown["deficit"], shown["surplus"]) == ("100", "1\u202f059")
    s = ck.simulate(ck.panorama("reg-32"), {"haies": 13.4236, CARS: 2000})
    expect(page.locator("#manque")).to_have_text(french.typeset(gap_sentence(s)))
    expect(page.locator("#annonce")).to_contain_text("Il manque 100,0")


def test_tile_is_filled_up_to_what_is_proposed(page, files):
    visit(page, files("reg-32"))
    filled = "#panorama .layer_1_marks path"
    before = page.locator(filled).evaluate_all("all => all.map(one => one.getBBox().height)")
    typed(page, f"kt-{CARS}", "470,38015")
    after = page.locator(filled).evaluate_all("all => all.map(one => one.getBBox().height)")
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert len(changed) == 1
    assert changed[0][1] / changed[0][0] == pytest.approx(0.5, abs=0.01)
    expect(page.locator("#panorama svg")).to_contain_text("−470,4")
    expect(page.locator(f"#ligne-{CARS} .proposed")).to_have_text("470,4", use_inner_text=False)
    assert page.locator(f"#ligne-{CARS} .gap").text_content() == "−470,4"


@pytest.mark.parametrize(
    ("field", "lever", "unit", "value"),
    [
        ("kt", CARS, KT, -72.0),
        ("quantity", CARS, QUANTITY, 3500.0),
        ("quantity", CARS, QUANTITY, 2.0),
        ("kt", "chaudieres_fioul_residentiel", KT, 5000.0),
        ("quantity", "chaudieres_gaz_residentiel", QUANTITY, 1400.0),
        ("quantity", "haies", QUANTITY, -1.0),
    ],
)
def test_impossible_value_is_refused_in_place_with_the_bound(page, files, field, lever, unit, value):
    visit(page, files("reg-32"))
    typed(page, f"{field}-{lever}", as_typed(value))
    said = french.typeset(limits(ck.panorama("reg-32"))[lever].refusal(value, unit, 0.0))
    expect(page.locator(f"#erreur-{lever}")).to_have_text(said)
    expect(page.locator(f"#{field}-{lever}")).to_have_attribute("aria-invalid", "true")
    assert cells(page, "sans-foret")["deficit"] == "0"
    assert "#" not in page.url
    page.locator(f"#{field}-{lever}").press("Escape")
    expect(page.locator(f"#erreur-{lever}")).to_have_text("")
    assert page.locator(f"#{field}-{lever}").get_attribute("aria-invalid") is None


def test_words_are_refused_and_french_numbers_are_read(page, files):
    visit(page, files("reg-32"))
    typed(page, f"kt-{CARS}", "beaucoup")
    expect(page.locator(f"#erreur-{CARS}")).to_have_text("Écrire un nombre, par exemple 1\u202f250,5.")
    typed(page, f"kt-{CARS}", "1\u202f234,5")
    expect(page.locator(f"#erreur-{CARS}")).to_have_text("")
    assert cells(page, "sans-foret")["surplus"] == "294"
    typed(page, f"kt-{CARS}", "")
    assert cells(page, "sans-foret")["surplus"] == "0"


@pytest.mark.parametrize(
    ("lever", "reason"), [("puits_forestiers", "objectif non régionalisé"), ("biogaz", "comité régional de l’énergie")]
)
def test_closed_lever_says_why_and_cannot_be_changed(page, files, lever, reason):
    visit(page, files("reg-32"))
    expect(page.locator(f"#levier-{lever}")).to_contain_text(reason)
    assert page.locator(f"#levier-{lever} input").count() == 0
    visit(page, f"{files('reg-32')}#v=sgpe-2024-10&l={lever}:k:5000")
    expect(page.locator("#avertissements li")).to_contain_text(["levier fermé"])
    assert cells(page, "avec-foret")["surplus"] == "0"


def test_address_brings_the_same_state_back(page, files, chromium):
    visit(page, files("reg-32"))
    typed(page, f"quantity-{CARS}", "123,456789012345")
    typed(page, "kt-haies", "0,1")
    typed(page, "kt-chaudieres_gaz_tertiaire", "400,3")
    kept = page.locator("#lien-page").input_value()
    assert kept == page.url
    before = {row: cells(page, row) for row in ("sans-foret", "avec-foret")}
    again = chromium.new_context().new_page()
    again.goto(kept)
    again.wait_for_selector("html[data-ready]")
    assert {row: cells(again, row) for row in before} == before
    assert again.locator("#lien-page").input_value() == kept
    expect(again.locator(f"#quantity-{CARS}")).to_have_value("123,456789012345")
    again.context.close()


def test_link_is_read_by_the_simulator_online(page, files):
    visit(page, files("dep-59"))
    typed(page, "kt-haies", "0,1")
    typed(page, f"quantity-{CARS}", "77,125")
    state, notes = links.from_query(page.locator("#lien").input_value())
    assert notes == []
    assert state.territory == "dep-59"
    assert {lever: (one.unit, one.value) for lever, one in state.levers.items()} == {
        "haies": (KT, 0.1),
        CARS: (QUANTITY, 77.125),
    }
    link, _ = links.to_query(state)
    visit(page, f"{files('dep-59')}#{link[1:]}")
    assert page.locator("#lien").input_value() == link


def test_what_a_link_gets_wrong_is_said(page, files):
    visit(page, f"{files('reg-32')}#v=sgpe-2023-11&l=haies:k:50:10&l=inconnu:k:1&l={CARS}:k:-72&l=prairies:z:1")
    said = " ".join(page.locator("#avertissements").inner_text().split())
    for words in ("sgpe-2023-11", "déjà fait", "inconnu:k:1", "les émissions augmenteraient", "prairies:z:1"):
        assert words in said
    assert cells(page, "sans-foret")["deficit"] == "63,4"
    visit(page, f"{files('reg-32')}#territoire=reg-76&l=haies:k:50")
    expect(page.locator("#avertissement")).to_contain_text("autre territoire (reg-76)")
    assert cells(page, "sans-foret")["deficit"] == "0"


def test_csv_holds_the_figures_of_the_library(page, files):
    visit(page, files("reg-32"))
    typed(page, f"quantity-{CARS}", "300")
    with page.expect_download() as download:
        page.locator("#telecharger").click()
    assert download.value.suggested_filename == "simulateur-reg-32.csv"
    with open(download.value.path(), encoding="utf-8", newline="") as file:
        rows = {row["levier"]: row for row in csv.DictReader(file)}
    p = ck.panorama("reg-32")
    s = ck.simulate(p, {CARS: 300}, unit="quantity")
    assert tuple(next(iter(rows.values()))) == static.data.COLUMNS
    assert float(rows[CARS]["proposé (ktCO2e/an)"]) == float(s.proposed.sel(lever=CARS))
    assert float(rows[CARS]["quantité proposée 2030"]) == 300
    assert rows["haies"]["quantité 2019"] == ""
    assert rows["puits_forestiers"]["référence (ktCO2e/an)"] == ""
    assert len(rows) == 30
    with page.expect_download() as download:
        page.locator("#telecharger-excel").click()
    assert download.value.suggested_filename == "simulateur-reg-32-excel.csv"
    with open(download.value.path(), encoding="utf-8", newline="") as file:
        text = file.read()
    assert text.startswith("\ufeff") and text.endswith("\r\n")
    again = {row["levier"]: row for row in csv.DictReader(text[1:].splitlines(), delimiter=";")}
    assert {lever: {name: cell.replace(",", ".") for name, cell in row.items()} for lever, row in again.items()} == {
        lever: {name: cell.replace(",", ".") for name, cell in row.items()} for lever, row in rows.items()
    }
    assert float(again[CARS]["proposé (ktCO2e/an)"].replace(",", ".")) == float(s.proposed.sel(lever=CARS))


def test_keyboard_alone_changes_undoes_and_resets(page, files):
    visit(page, files("reg-32"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Aller aux leviers"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "leviers"
    page.keyboard.press("Tab")
    assert re.match("kt-", page.evaluate("document.activeElement.id"))
    page.locator(f"#kt-{CARS}").focus()
    page.keyboard.press("ArrowDown")
    settled(page)
    expect(page.locator(f"#kt-{CARS}")).to_have_value("930")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    settled(page)
    expect(page.locator(f"#kt-{CARS}")).to_have_value("950")
    page.locator("#annuler").press("Enter")
    settled(page)
    expect(page.locator(f"#kt-{CARS}")).to_have_value("940")
    page.locator("#reference").press("Enter")
    settled(page)
    expect(page.locator(f"#kt-{CARS}")).to_have_value("940,8")
    assert "#" not in page.url
    expect(page.locator("#reference")).to_be_disabled()


@pytest.mark.parametrize("code", CODES)
def test_nothing_scrolls_sideways(page, files, code):
    visit(page, files(code))
    for width in (1920, 1280, 768, 360):
        page.set_viewport_size({"width": width, "height": 800})
        settled(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    inside = page.locator(".sums").evaluate_all("all => all.every(one => one.scrollWidth <= one.clientWidth)")
    assert inside and page.locator("#sans-foret .reference").evaluate(
        "one => getComputedStyle(one, '::before').content"
    )


@pytest.mark.parametrize(("code", "width"), [*zip(CODES, [360, 1280, 360], strict=True)])
def test_axe_finds_nothing_serious(page, files, code, width):
    page.set_viewport_size({"width": width, "height": 800})
    visit(page, files(code))
    open_lever = page.locator(".fields input").first
    if open_lever.count():
        open_lever.fill("-72")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    found = [v for v in Axe().run(page).response["violations"] if v["impact"] in ("serious", "critical")]
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in found] == []


def test_words_of_the_panorama_stay_readable(page, files):
    for width in (360, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        visit(page, files("reg-32"))
        sizes = page.locator("#panorama svg text").evaluate_all(
            "texts => texts.map(t => parseFloat(getComputedStyle(t).fontSize) * t.ownerSVGElement.getScreenCTM().a)"
        )
        assert sizes and min(sizes) >= 11.9


def test_page_prints_what_is_proposed(page, files):
    visit(page, files("reg-32"))
    typed(page, "kt-haies", "50")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator("#imprime")).to_have_text(re.compile("l=haies:k:50$"))
    expect(page.locator("#imprime")).to_be_visible()
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF") and 3 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 14


def test_page_without_javascript_shows_the_references(chromium, files):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(files("reg-32"))
    expect(page.locator(".no-js")).to_be_visible()
    expect(page.locator(f"#levier-{CARS}")).to_contain_text("940,8 ktCO₂e/an")
    assert page.locator(".fields input:visible").count() == 0
    context.close()

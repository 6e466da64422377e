"""The simulator as a visitor meets it: the served notebook in a real Chromium, from first look to shared link."""

import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

import copkit as ck
from copkit import french
from copkit.models import panorama
from copkit.models.gaps import gap_sentence

from ..conftest import every
from .conftest import HANG

START = "import typer; from copkit.commands.simulator import simulator; typer.run(simulator)"
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""
METROPOLE = [f"reg-{n}" for n in (11, 24, 27, 28, 32, 44, 52, 53, 75, 76, 84, 93, 94)]
CARS = "vehicules_electriques"
KT, QUANTITY = f"#copkit-kt-{CARS}", f"#copkit-q-{CARS}"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    log = tmp_path_factory.mktemp("simulator") / "server.log"
    command = [sys.executable, "-u", "-c", START, "--port", "0", "--no-browser"]
    with log.open("w") as errors:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    found = re.search(r"http://127\.0\.0\.1:\d+/", server.stdout.readline())
    assert found, log.read_text()
    yield found[0]
    server.send_signal(signal.SIGTERM)
    server.wait(120)
    server.stdout.close()


@contextmanager
def visits(address, browser):
    """Open the page at a link; at the end, nothing went wrong."""
    pages, asked, wrong = [], [], []

    def go(query="", width=1280, heading="1. Découvrir"):
        page = browser.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": 900})
        page.set_default_timeout(HANG)
        page.add_init_script(WATCH)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.goto(address + query)
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
        expect(page.locator(".ck-panorama svg")).to_be_visible()
        return page

    yield go
    for page in pages:
        assert page.evaluate("window.violations") == []
        page.close()
    assert wrong == []
    assert [url for url in asked if not url.startswith((address, "blob:", "data:"))] == []


@pytest.fixture(scope="module")
def window(chromium):
    """A browser that keeps the files of the simulator from one visit to the next."""
    context = chromium.new_context(accept_downloads=True)
    yield context
    context.close()


@pytest.fixture
def visit(address, window):
    with visits(address, window) as go:
        yield go


@pytest.fixture
def fresh(address, chromium):
    """Each time in a browser that knows nothing."""
    with visits(address, chromium) as go:
        yield go


@pytest.fixture(scope="module")
def opened(address, window):
    with visits(address, window) as go:
        yield go("?territoire=reg-32")


@pytest.fixture
def region(opened):
    """A page of the région that tests share: each leaves the targets as it found them, the references."""
    expect(opened.locator(QUANTITY)).to_have_value("446,7")
    expect(opened.locator(".ck-verdict")).to_have_text("Atteint la référence")
    return opened


def total(code: str, forest: bool = False) -> str:
    return french.number(panorama.total(ck.panorama(code), forest=forest), 0)


def proposed(s) -> float:
    return float(s.proposed.where(s.lever != "puits_forestiers").sum())


def words(page) -> list[str]:
    """What the panorama says."""
    return page.locator(".ck-panorama svg text").all_text_contents()


def fields(page) -> dict[str, str]:
    """Every number field of the levers, by id."""
    return page.evaluate(
        "() => Object.fromEntries([...document.querySelectorAll('.ck-value input')].map(i => [i.id, i.value]))"
    )


@pytest.mark.parametrize("code", ["dep-59", "reg-04"])
def test_page_opens_on_a_territory_with_the_figures_of_the_library(visit, code):
    page = visit(f"?territoire={code}")
    assert page.locator("h1").count() == 1
    assert page.locator(".copkit-simulateur h2").all_inner_texts() == [
        "1. Découvrir",
        "2. Comprendre",
        "3. Visualiser",
        "4. Proposer",
        "5. Partager",
    ]
    name = ck.panorama(code).attrs["name"]
    assert page.locator(".ck-bar strong").inner_text() == name
    assert f"{name}\u00a0: {total(code)} ktCO₂e/an à éviter en 2030" in page.locator(".ck-lead").first.inner_text()
    assert f"sur {total(code)} ktCO₂e/an" in page.locator(".ck-total").inner_text()


def test_a_quantity_gives_its_kt_and_moves_gauge_chart_and_trajectory(region):
    page = region
    s = ck.simulate(ck.panorama("reg-32"), {CARS: 300}, unit="quantity")
    kt, gap = float(s.proposed.sel(lever=CARS)), float(ck.shortfall(s).deficit.iloc[1])
    page.fill(QUANTITY, "300")
    expect(page.locator(KT)).to_have_value(french.number(kt, 1))
    expect(page.locator(".ck-verdict")).to_have_text(f"Manque {french.number(gap, 0)}")
    expect(page.locator(".ck-panel .ck-lead")).to_have_text(french.typeset(gap_sentence(s)))
    expect(page.locator(".ck-panorama svg")).to_contain_text(french.number(kt, 0))
    expect(page.locator("h3", has_text="Trajectoire\u00a0: Véhicules électriques")).to_be_visible()
    page.get_by_text("Tableau de la trajectoire").click()
    expect(page.get_by_role("table", name="Points de la trajectoire")).to_contain_text("proposé2030300")
    page.get_by_text("Tableau de la jauge").click()
    row = page.get_by_role("table", name="Par secteur (ktCO₂e/an)").get_by_role("row", name="Transport")
    expect(row).to_contain_text(french.number(gap, 0))
    page.fill(KT, "940,7603")
    expect(page.locator(QUANTITY)).to_have_value("446,7")
    expect(page.locator(".ck-verdict")).to_have_text("Atteint la référence")
    page.get_by_role("button", name="Annuler").click()
    expect(page.locator(QUANTITY)).to_have_value("300,0")
    page.get_by_role("button", name="Annuler").click()
    expect(page.locator(QUANTITY)).to_have_value("446,7")


def test_an_impossible_target_is_refused_beside_its_field(region):
    page = region
    for field, typed, said in (
        (QUANTITY, "0", "les émissions augmenteraient"),
        (KT, "-72", "les émissions augmenteraient"),
        (QUANTITY, "4000", "au-delà de la borne"),
    ):
        page.fill(field, typed)
        row = page.locator(".ck-lever[id^=copkit-proposer]", has=page.locator(field))
        expect(row.locator("> .ck-error")).to_contain_text(said)
        assert "Écrire" in row.locator("> .ck-error").inner_text()
        expect(page.locator(field)).to_have_attribute("aria-invalid", "true")
        expect(page.locator(field)).to_have_value(typed)
        expect(page.locator(".ck-verdict")).to_have_text("Atteint la référence")
        page.fill(field, "abc")
        expect(page.locator(f"{field}-illisible")).to_be_visible()
        page.fill(KT, "940,7603")
        expect(page.locator(QUANTITY)).to_have_value("446,7")
        expect(page.locator(field)).not_to_have_attribute("aria-invalid", "true")


def test_a_closed_lever_has_no_field_and_a_link_cannot_change_it(visit):
    page = visit("?territoire=reg-32&t-co2_foret=5000")
    row = page.locator("#copkit-proposer-puits_forestiers")
    expect(row).to_contain_text("Levier fermé\u00a0: objectif non régionalisé")
    assert row.locator("input").count() == 0
    expect(page.locator(".ck-warnings")).to_contain_text(
        "Gestion des puits forestiers\u00a0: levier fermé (objectif non"
    )
    assert f"sur {total('reg-32')} ktCO₂e/an" in page.locator(".ck-total").inner_text()


def test_a_gap_is_compensated_by_the_chosen_levers_and_accepted(visit):
    page = visit(f"?territoire=reg-32&l={CARS}:q:300")
    s = ck.simulate(ck.panorama("reg-32"), {CARS: 300}, unit="quantity")
    found = ck.compensate(s, ["haies", "prairies"])
    page.check("#copkit-compense-haies")
    page.check("#copkit-compense-prairies")
    page.get_by_role("button", name="Calculer la compensation").click()
    asks = page.get_by_role("table", name="Ce que chaque levier aurait à faire")
    expect(asks).to_contain_text(french.signed(found.asks.kt_more.iloc[0], 0))
    assert page.locator("#copkit-kt-haies").input_value() == "113,4"
    page.get_by_role("button", name="Accepter cette compensation").click()
    wanted = found.asks.set_index("lever").kt_after
    expect(page.locator("#copkit-kt-haies")).to_have_value(french.number(wanted["haies"], 1))
    expect(page.locator("#copkit-kt-prairies")).to_have_value(french.number(wanted["prairies"], 1))
    expect(page.locator(".ck-verdict")).to_contain_text("Compensé\u00a0: manque 314, surplus ailleurs 314")
    page.get_by_role("button", name="Calculer la probabilité").click()
    expect(page.get_by_text(re.compile(r"Probabilité d’atteindre .*\s:\s\d+"))).to_be_visible()


def test_a_shared_link_gives_the_same_page_in_a_fresh_browser(visit, fresh, address):
    page = visit("?territoire=dep-59")
    page.fill("#copkit-kt-haies", "12,25")
    page.fill("#copkit-d-covoiturage", "3,1")
    page.get_by_label("par secteur", exact=True).check()
    page.get_by_label("ce qui reste à faire").check()
    page.get_by_label("Compter le levier forêt").check()
    row = page.locator("#copkit-proposer-haies")
    row.get_by_text("Détails et justification").click()
    row.get_by_label("Pourquoi cet objectif").fill("Bocage à replanter : 100 %")
    page.get_by_label("Nom du scénario en cours").fill("Bocage & haies")
    expect(page).to_have_url(re.compile("Bocage.*replanter|replanter.*Bocage"))
    link = page.get_by_label("Lien de ce scénario").input_value()
    assert link.startswith(address) and "v=sgpe-2024-10" in link
    expect(page).to_have_url(link)
    other = fresh(link.removeprefix(address))
    assert fields(other) == fields(page)
    assert sorted(words(other)) == sorted(words(page))
    assert other.locator(".ck-bar").inner_text().replace("Annuler", "") == page.locator(".ck-bar").inner_text().replace(
        "Annuler", ""
    )
    assert other.get_by_label("Lien de ce scénario").input_value() == link


def test_a_link_of_the_official_simulator_opens_here(visit):
    page = visit("?territoire=reg-32")
    official = "https://planification-territoires.ecologie.gouv.fr/territoire/bretagne/ambition"
    page.get_by_label("Ouvrir un lien").fill(f"{official}?c-augm_voitelec=20&t-augm_voitelec=180&t-augm_v%C3%A9lotc=10")
    page.get_by_role("button", name="Ouvrir", exact=True).click()
    expect(page.locator(".ck-bar strong")).to_have_text("Bretagne")
    expect(page.locator(KT)).to_have_value("200,0")
    expect(page.locator(f"#copkit-d-{CARS}")).to_have_value("20,0")
    expect(page.locator("#copkit-kt-velo_transports_en_commun")).to_have_value("10,0")
    expect(page.locator(".ck-warnings")).to_contain_text("il ne porte pas de version")


def test_workbook_of_the_scenario_has_the_figures_of_the_page(visit):
    page = visit(f"?territoire=reg-32&l={CARS}:q:300")
    page.get_by_role("button", name="Classeur XLSX").click()
    expect(page.locator(".ck-message")).to_contain_text("Véhicules électriques")  # refused: nothing justifies it
    page.get_by_label("Enregistrer comme brouillon").check()
    with page.expect_download() as waited:
        page.get_by_role("button", name="Classeur XLSX").click()
    book = openpyxl.load_workbook(BytesIO(Path(waited.value.path()).read_bytes()), data_only=True)
    rows = [list(row) for sheet in book for row in sheet.iter_rows(values_only=True)]
    kt = float(ck.simulate(ck.panorama("reg-32"), {CARS: 300}, unit="quantity").proposed.sel(lever=CARS))
    cars = [row for row in rows if "Véhicules électriques" in row]
    numbers = [cell for row in cars for cell in row if isinstance(cell, float | int)]
    assert any(abs(n - kt) < 1e-9 * kt for n in numbers) and 300 in numbers
    assert "brouillon" in waited.value.suggested_filename


def test_a_saved_scenario_is_taken_up_again(visit, fresh):
    page = visit("?territoire=reg-53&l=haies:k:100.5")
    page.get_by_label("Enregistrer comme brouillon").check()
    with page.expect_download() as waited:
        page.get_by_role("button", name="Scénario JSON", exact=True).click()
    content = Path(waited.value.path()).read_bytes()
    other = fresh("?territoire=reg-32")
    with other.expect_file_chooser() as chooser:
        other.get_by_role("button", name="Reprendre un scénario JSON").click()
    file = {"name": "s.json", "mimeType": "application/json", "buffer": content}
    chooser.value.set_files(file)
    expect(other.locator(".ck-bar strong")).to_have_text("Bretagne")
    expect(other.locator("#copkit-kt-haies")).to_have_value("100,5")
    with other.expect_file_chooser() as chooser:
        other.get_by_role("button", name="Reprendre un scénario JSON").click()
    chooser.value.set_files(file | {"buffer": b"pas un scenario"})
    expect(other.locator(".ck-message")).to_contain_text("JSON")


def test_named_scenarios_are_compared_in_one_table(visit):
    page = visit("?territoire=reg-32&l=haies:k:50")
    page.get_by_label("Nom du scénario en cours").fill("Prudent")
    page.get_by_role("button", name="Garder ce scénario").click()
    page.fill("#copkit-kt-haies", "300")
    table = page.get_by_role("table", name="Comparaison des scénarios (ktCO₂e/an)")
    expect(table.get_by_role("columnheader", name="Prudent")).to_be_visible()
    row = table.get_by_role("row", name="Gestion des haies")
    expect(row.get_by_role("cell").nth(1)).to_contain_text("300,0")
    expect(row.get_by_role("cell").nth(2)).to_contain_text("50,0")
    targets = {"haies": 300}, {"haies": 50}
    current, kept = (ck.simulate(ck.panorama("reg-32"), one) for one in targets)
    for name, figures in (
        ("Total proposé, hors forêt", [total("reg-32"), *(french.number(proposed(s), 0) for s in (current, kept))]),
        ("Manque, hors forêt", ["0", *(french.number(ck.shortfall(s).deficit.iloc[1], 0) for s in (current, kept))]),
    ):
        assert table.get_by_role("row", name=name).get_by_role("cell").all_text_contents() == figures
    expect(row.get_by_role("cell").first).to_contain_text("113,4")
    page.get_by_role("button", name="Reprendre", exact=True).click()
    expect(page.locator("#copkit-kt-haies")).to_have_value("50,0")


def test_every_metropolitan_region_shows_the_targets_of_the_library(visit):
    page = visit("?territoire=reg-32")
    for code in every(5, METROPOLE):
        page.get_by_label("Territoire", exact=True).select_option(code)
        p = ck.panorama(code)
        expect(page.locator(".ck-bar strong")).to_have_text(p.attrs["name"])
        with_, without = (total(code, forest=forest) for forest in (True, False))
        assert f"{without} ktCO₂e/an à éviter" in page.locator(".ck-lead").first.inner_text()
        assert f"({with_} avec la forêt)" in page.locator(".ck-lead").first.inner_text()
        shown = {name: value for name, value in fields(page).items() if name.startswith("copkit-kt-")}
        targets = {f"copkit-kt-{lever}": kt for lever, kt in p.target.to_series().items()}
        assert shown == {name: french.number(targets[name], 1) for name in shown}
        assert len(shown) > 20


def test_filter_keeps_the_levers_of_an_enjeu(region):
    page = region
    page.get_by_label("Thématique", exact=True).select_option("preserver")
    expect(page.locator("#copkit-proposer-haies")).to_be_visible()
    expect(page.locator(f"#copkit-proposer-{CARS}")).to_be_hidden()
    choice = page.get_by_label("Thématique", exact=True)
    choice.focus()
    page.keyboard.press("Control+z")  # the choice follows, although the focus is there
    expect(page.locator(f"#copkit-proposer-{CARS}")).to_be_visible()
    expect(choice).to_have_value("")


def test_the_five_steps_are_reached_and_played_with_the_keyboard_alone(visit):
    page = visit("?territoire=reg-32")

    def focus_is(selector: str, limit: int = 200) -> None:
        for _ in range(limit):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"never reached: {selector}")

    focus_is(".ck-skip")
    assert page.evaluate("document.activeElement.textContent") == "Aller au choix du territoire"
    focus_is("select")  # step 1
    focus_is("input[type=radio]")  # step 2
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("par secteur", exact=True)).to_be_checked()
    focus_is(f"#copkit-d-{CARS}")  # step 3
    page.keyboard.press("Control+a")
    page.keyboard.type("60")
    focus_is(QUANTITY)  # step 4
    page.keyboard.press("Control+a")
    page.keyboard.type("300")
    expect(page.locator(KT)).to_have_value("627,1")
    expect(page.locator("[aria-live=polite].ck-hidden")).to_contain_text("Total proposé")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+z")
    expect(page.locator(QUANTITY)).to_have_value("446,7")
    page.locator(".ck-skip").last.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "5. Partager"
    focus_is(".ck-link")  # step 5


@pytest.mark.parametrize(("code", "width"), [("reg-32", 360), ("dep-59", 1280)])
def test_axe_finds_nothing_serious(visit, code, width):
    page = visit(f"?territoire={code}&l={CARS}:q:-1&levier={CARS}", width)
    page.evaluate("document.querySelectorAll('.copkit-simulateur details').forEach(d => { d.open = true; })")
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")] == []


def test_nothing_overflows_the_window(region):
    page = region
    page.evaluate("document.querySelectorAll('.copkit-simulateur details').forEach(d => { d.open = true; })")
    for width in (360, 768, 1920, 1280):  # the last one as it was found
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("() => new Promise(ok => requestAnimationFrame(() => requestAnimationFrame(ok)))")
        outside = page.evaluate(
            """() => [...document.querySelectorAll('.copkit-simulateur *')]
                .filter(e => !e.closest('.ck-scroll') && e.getBoundingClientRect().right > innerWidth + 1)
                .map(e => e.outerHTML.slice(0, 120))"""
        )
        assert outside == [], width


def test_page_prints_on_a4(region):
    page = region
    page.fill(QUANTITY, "300")
    expect(page.locator(".ck-verdict")).to_contain_text("Manque")
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.get_by_role("button", name="Annuler").click()
    expect(page.locator(QUANTITY)).to_have_value("446,7")

"""The notebook that Voilà serves, in a real Chromium: under its policy, alone on the network, in French."""

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from ..processes import wait_until
from .conftest import HANG

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""
END = """
async () => {
  const { baseUrl, kernelId } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const body = new FormData();
  body.append("_xsrf", document.cookie.match(/_xsrf=([^;]*)/)[1]);
  return (await fetch(`${baseUrl}voila/api/shutdown/${kernelId}`, { method: "POST", body })).status;
}
"""


@pytest.fixture(scope="module")
def page(served, chromium):
    context = chromium.new_context()
    opened = context.new_page()
    opened.set_default_timeout(HANG)
    opened.asked, opened.wrong = [], []
    opened.on("request", lambda request: opened.asked.append(request.url))
    opened.on("response", lambda answer: opened.wrong.append(answer.url) if answer.status >= 400 else None)
    opened.on("pageerror", lambda error: opened.wrong.append(str(error)))
    opened.on("console", lambda said: opened.wrong.append(said.text) if said.type == "error" else None)
    opened.add_init_script(WATCH)
    opened.goto(f"{served.url}carnet?territoire=dep-59")
    yield opened
    context.close()


def test_a_widget_works_under_the_policy_without_a_network(served, page):
    button = page.get_by_role("button", name="dep-59")
    button.click()
    expect(button).to_have_text("dep-59 : 1")
    expect(page.locator("#loading")).to_have_count(0)
    assert page.evaluate("window.violations") == []
    assert page.wrong == []
    assert [url for url in page.asked if not url.startswith((served.url, f"blob:{served.root}"))] == []


def test_a_link_made_elsewhere_opens_with_its_remarks_and_writes_nothing_of_its_own(served, chromium):
    opened = chromium.new_page()
    opened.set_default_timeout(HANG)
    official = (
        "https://planification-territoires.ecologie.gouv.fr/territoire/bretagne/ambition?t-augm_haies=9&t-<b>x</b>=2"
    )
    opened.goto(f"{served.url}?lien={quote(official)}&note=Appelez+le+0800")
    remarks = opened.locator(".ck-warnings p")
    expect(remarks).to_have_count(2)
    expect(remarks.nth(0)).to_have_text(
        "Lien : levier inconnu ici, « t-<b>x</b> », laissé de côté.", use_inner_text=True
    )
    expect(remarks.nth(1)).to_contain_text("Lien du simulateur officiel : il ne porte pas de version")
    assert "0800" not in opened.inner_text("body") and opened.locator(".ck-warnings b").count() == 0
    link = opened.locator("[data-link]").get_attribute("data-link")
    assert link.startswith("?territoire=reg-53&") and "l=haies:k:9" in link
    ours = "?territoire=reg-53&v=sgpe-2024-10&l=licornes:k:3&l=haies:k:4"
    opened.goto(f"{served.url}?lien={quote(ours, safe='')}")
    expect(remarks).to_have_text(["Lien : levier inconnu ici, « licornes », laissé de côté."], use_inner_text=True)
    opened.goto(served.url + link)
    expect(remarks).to_have_count(0)
    opened.close()


def test_a_session_that_has_ended_is_said_and_taken_up_and_the_next_ends_with_its_page(served, page):
    button = page.get_by_role("button", name="dep-59")
    expect(button).to_be_visible()
    status = page.evaluate(END)
    assert status == 204
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("La session est terminée")
    assert not any(word in page.inner_text("body") for word in ("Kernel", "Server", "Error", "Connection"))
    notice.get_by_role("link", name="Reprendre").click()
    expect(button).to_have_text("dep-59 : 0")
    assert page.evaluate("window.violations") == []
    session = page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId")
    assert served.get(f"api/kernels/{session}").status == 200
    page.goto("about:blank")
    assert wait_until(lambda: served.get(f"api/kernels/{session}").status == 404)

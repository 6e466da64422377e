"""The browser side of the simulator as text: one script, one style sheet, for the server, the file and the widget."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

from copkit.presentation import theme

ASSETS = Path(__file__).parent / "assets"
RULES = ("numbers.js", "scenario.js", "compensation.js", "links.js")
MODULES = (*RULES, "elements.js", "store.js", "drawings.js", "lever.js", "compensate.js", "takeaway.js", "simulator.js")


@lru_cache(maxsize=1)
def script() -> str:
    """The modules of the page, in one ES module whose default export is an anywidget front end."""
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in MODULES)


@lru_cache(maxsize=1)
def plain_script() -> str:
    """The same for a page of its own: nothing of it in the window, and it starts by itself."""
    body = script().replace("export default { render };", "start();")
    return f'"use strict";\n(() => {{\n{body}\n}})();'


def data(content: dict | list) -> Markup:
    """JSON that may stand in a page."""
    return Markup(json.dumps(content, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c"))


@lru_cache(maxsize=1)
def style() -> str:
    """The style sheet of the page."""
    colours = (f".copkit-simulateur .ck-{name} {{ --theme: {colour}; }}" for name, colour in theme.THEMATIQUES.items())
    return "\n".join([(ASSETS / "simulator.css").read_text(encoding="utf-8"), *colours])

"""The browser side of the simulator as text: its own modules, and the Vega runtime built once.

The runtime (Vega, Vega-Lite, vega-embed, their expression interpreter; 0.9 MB) comes from vl-convert, without a
network. It is kept in a file named after the version of its maker, which a server sends with a long cache.
"""

from __future__ import annotations

import json
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from copkit import files

ASSETS = Path(__file__).parent / "assets"
RULES = ("numbers.js", "scenario.js")  # of the page in one file too
MODULES = (*RULES, "elements.js", "charts.js", "levers.js", "outcome.js", "sharing.js", "simulator.js")
VEGA_LITE = "6.4"
EXPORTS = "export { vegaEmbed };"
RUNTIME_VARIABLE = "COPKIT_SIMULATOR_RUNTIME"  # set by the server: the address of the runtime


@lru_cache(maxsize=1)
def script() -> str:
    """The modules of the page, in one ES module whose default export is an anywidget front end."""
    return "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in MODULES)


@lru_cache(maxsize=1)
def style() -> str:
    """The style sheet of the page."""
    return (ASSETS / "simulator.css").read_text(encoding="utf-8")


def inlined() -> str:
    """The page with the runtime inside, for JupyterLab, where no server of ours sends files."""
    return f"globalThis.copkitRuntime ??= {json.dumps(runtime_path().read_text(encoding='utf-8'))};\n{script()}"


def runtime_path() -> Path:
    """The runtime as a file, an ES module that exports ``vegaEmbed``; built at the first call (1.5 s)."""
    name = sha256(f"{version('vl-convert-python')} {VEGA_LITE} {EXPORTS}".encode()).hexdigest()[:12]
    path = _cache() / f"vega-{name}.js"
    if not path.is_file():
        files.write_whole(path, _built())
    return path


def _built() -> str:
    import vl_convert  # V8: only to build, never before a fork

    return vl_convert.javascript_bundle(EXPORTS, vl_version=VEGA_LITE)


def _cache() -> Path:
    """The folder of what can be built again, as the system names it."""
    from platformdirs import user_cache_path

    return user_cache_path("copkit")

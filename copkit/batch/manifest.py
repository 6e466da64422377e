"""The manifest of an output folder: what was made, from which parameters and versions, and what failed.

Results of earlier batches are kept: a batch of one territory never erases the other 118.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import copkit
from copkit.batch.index import write_index
from copkit.models import panorama
from copkit.reference import territories

if TYPE_CHECKING:
    from copkit.batch.run import Result


def publish(out: Path, results: list[Result]) -> Path:
    """Merge the results into ``manifest.json`` (those of earlier batches are kept) and write ``index.html``."""
    manifest = read(out)
    runs = {(r["territory"], r["notebook"]): r for r in manifest.get("runs", [])}
    now = datetime.now().isoformat(timespec="seconds")
    for result in results:
        key = (result.territory, result.notebook)
        entry = {
            "territory": result.territory,
            "name": territories.name(result.territory),
            "level": territories.level(result.territory),
            "region": None if result.territory == "fr" else territories.region_of(result.territory),
            "finished": now,
            **{k: v for k, v in vars(result).items() if k != "territory"},
            "version": {"copkit": copkit.__version__, "donnees": panorama.LATEST},
        }
        if result.status == "failed" and key in runs:  # the earlier files are still there
            entry |= {"files": runs[key].get("files", {}), "hash": runs[key].get("hash", {})}
        runs[key] = entry
    manifest = {
        "copkit": copkit.__version__,
        "data_version": panorama.LATEST,
        "updated": now,
        "runs": [runs[key] for key in sorted(runs)],
    }
    effort = {code: panorama.total(panorama.panorama(code), forest=False) for code in territories.territories().code}
    partial = out / ".manifest.json"
    partial.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    os.replace(partial, out / "manifest.json")
    return write_index(out, manifest, effort=effort)


def read(out: Path) -> dict:
    """The manifest of earlier batches; an unreadable one is set aside, not lost."""
    path = out / "manifest.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    except FileNotFoundError:
        return {}
    except ValueError:
        os.replace(path, path.with_suffix(".illisible.json"))
        return {}

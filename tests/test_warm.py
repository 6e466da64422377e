"""What is done once before a fork: everything is ready, nothing is left behind, V8 has not run."""

import json
import os
import sys

from copkit import warm
from copkit.models import consistency, panorama
from copkit.reference import tables

from .terminal import begin


def check():
    """In a process of its own."""
    warm.warm()
    read = tables._read.cache_info().misses
    for name in tables.TABLES:
        tables.read(name)
    found = {
        "charts": os.environ["COPKIT_CHARTS"],
        "v8": "vl_convert" in sys.modules,
        "panoramas": panorama._known.cache_info().currsize,
        "consistency": consistency._consistency.cache_info().currsize,
        "tables": tables._read.cache_info().misses == read,
        "files": os.listdir(),
    }
    print(json.dumps(found))


def test_warming_fills_the_caches_without_v8_and_leaves_nothing(tmp_path, monkeypatch):
    folder, said = tmp_path / "ici", [tmp_path / "dit.txt", tmp_path / "erreurs.txt"]
    folder.mkdir()
    monkeypatch.chdir(folder)
    done = begin(check, stdout=said[0], stderr=said[1], environment=os.environ | {"COPKIT_CHARTS": "avant"})
    done.join()
    assert done.exitcode == 0, said[1].read_text()
    assert json.loads(said[0].read_text()) == {
        "charts": "avant", "v8": False, "panoramas": 120, "consistency": 1, "tables": True, "files": [],
    }  # fmt: skip

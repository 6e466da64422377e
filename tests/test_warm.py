"""What is done once before a fork: everything is ready, nothing is left behind, V8 has not run."""

import json
import subprocess
import sys

CHECK = """
import json, os, sys
os.environ["COPKIT_CHARTS"] = "avant"
from copkit import warm
from copkit.models import consistency, panorama
from copkit.reference import tables
warm.warm()
read = tables._read.cache_info()
print(json.dumps({
    "charts": os.environ["COPKIT_CHARTS"],
    "v8": "vl_convert" in sys.modules,
    "panoramas": panorama._known.cache_info().currsize,
    "consistency": consistency._consistency.cache_info().currsize,
    "tables": read.currsize == len(tables.TABLES),
    "files": os.listdir(),
}))
"""


def test_warming_fills_the_caches_without_v8_and_leaves_nothing(tmp_path):
    done = subprocess.run([sys.executable, "-c", CHECK], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "charts": "avant", "v8": False, "panoramas": 120, "consistency": 1, "tables": True, "files": [],
    }  # fmt: skip

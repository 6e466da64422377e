# « make diagnostics », « make test », and « make quick » while one works. Each does all the set-up first.
BIN := .venv/bin
CORES := $(shell nproc 2>/dev/null || echo 2)
JOBS ?= $(shell echo $$(( 2 * $(CORES) )))  # tests wait for browsers and kernels

.PHONY: diagnostics install test processes quick long fuzz faults api keys personal licences audit access clean
CALL = @echo "Pour appeler copkit : $(BIN)/copkit --help ; ou, une fois par terminal, « . $(BIN)/activate », puis copkit --help."

diagnostics: .venv/.ok
	$(BIN)/copkit run --out outputs
	$(CALL)

install: .venv/.ok
	$(CALL)

# The tests as pytest rewrites them are kept, even where Python may write none: each process would rewrite them all.
test processes quick long: export PYTHONDONTWRITEBYTECODE =

# Several processes already share the cores: threads of BLAS that wait for each other would take ten times as long.
test processes quick long: export OPENBLAS_NUM_THREADS = 1

test: .venv/.ok
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not processes"

# Kernels, clusters and servers in processes of their own, compared, crowded, interrupted, killed: copkit/batch/ and
# copkit/simulator/ rest on these. What is merged passes both.
processes: .venv/.ok
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m processes

# Without browser, batch nor office, and without what tries many files; no plugin that these tests do not use is loaded.
quick: .venv/.ok
	COPKIT_TESTS=quick PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 $(BIN)/python -m pytest -p xdist.plugin -p pytest_timeout \
		-p _hypothesis_pytestplugin -p no:logging -q -n $(CORES) --dist worksteal --ignore=copkit/batch \
		-m "not processes and not browser and not batch and not office and not long"

# The table of docs/donnees-personnelles.md, from the register.
personal: .venv/.ok
	$(BIN)/python docs/make_personal.py

# The allocation keys heard again: allocation.csv, audition.csv, keys.csv, docs/cles.md.
keys: .venv/.ok
	$(BIN)/python docs/make_keys.py

api: .venv/.ok
	$(BIN)/python docs/make_api.py

licences: .venv/.ok
	$(BIN)/python docs/make_licences.py

# The lock and its hashes, the list of what is installed (CycloneDX), the licence of each file, then the known faults:
# pip-audit asks the network, and fails where it could not ask.
audit: .venv/.ok
	$(BIN)/uv lock --check --quiet
	mkdir -p outputs
	$(BIN)/uv export --quiet --locked --no-dev --extra cluster --format cyclonedx1.5 -o outputs/copkit.cdx.json
	$(BIN)/uv export --quiet --locked --extra cluster --extra test --no-emit-project -o outputs/requirements.txt
	$(BIN)/uv tool run --from "reuse>=6,<7" reuse lint --quiet
	$(BIN)/uv tool run --from "pip-audit>=2.9,<3" pip-audit --strict --disable-pip --require-hashes -r outputs/requirements.txt

# Every kind of page in Chromium, by criterion of the RGAA: docs/accessibilite.md.
access: .venv/.ok
	$(BIN)/python -m tests.access

# Everything again with 2 000 files, fifteen times the examples and each mark of each chart falsified: an hour or so.
long: .venv/.ok
	COPKIT_TESTS=long $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -o timeout=7200

# Damaged files for ten minutes, and what was tried: docs/fiabilite.md.
fuzz: .venv/.ok
	$(BIN)/uv run --no-sync --with atheris python tests/fuzz.py --minutes 10 --steps compared mutations guided

# Two hundred faults in the middle of real batches: what is left, and does the next batch finish the work?
faults: .venv/.ok
	nice $(BIN)/python tests/faults.py --write

.venv/.ok: pyproject.toml uv.lock
	python3 -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/uv sync --quiet --locked --active --inexact
	$(BIN)/python -m compileall -q copkit  # the libraries are: where Python may write none, each process would do it
	touch $@

clean:
	rm -rf .venv outputs

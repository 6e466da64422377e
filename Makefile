# « make diagnostics », « make test », and « make quick » while one works. Each does all the set-up first.
BIN := .venv/bin
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: diagnostics install test quick long api clean
CALL = @echo "Pour appeler copkit : $(BIN)/copkit --help ; ou, une fois par terminal, « . $(BIN)/activate », puis copkit --help."

diagnostics: .venv/.ok
	$(BIN)/copkit run --out outputs
	$(CALL)

install: .venv/.ok
	$(CALL)

test: .venv/.ok
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

# Without browser, batch nor office, and without what tries many files.
quick: .venv/.ok
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal --ignore=tests/browser -m "not browser and not batch and not office and not long"

api: .venv/.ok
	$(BIN)/python docs/make_api.py

# Everything again with 2 000 files, ten times the examples and each mark of each chart falsified: an hour or so.
long: .venv/.ok
	COPKIT_TESTS=long $(BIN)/python -m pytest -n $(JOBS) --dist loadfile -o timeout=7200

.venv/.ok: pyproject.toml uv.lock
	python3 -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/uv sync --quiet --locked --active --inexact
	$(BIN)/python -m compileall -q copkit  # the libraries are: where Python may write none, each process would do it
	touch $@

clean:
	rm -rf .venv outputs

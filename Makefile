# Two commands: « make diagnostics » and « make test ». Each does all the set-up first.
BIN := .venv/bin
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: diagnostics test clean

diagnostics: .venv/.ok
	$(BIN)/copkit run --out outputs

test: .venv/.ok
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

.venv/.ok: pyproject.toml uv.lock
	python3 -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/uv sync --quiet --locked --active --inexact
	touch $@

clean:
	rm -rf .venv outputs

# Two commands matter: `make demo` and `make test`. Every target does its own set-up and repeats nothing already done.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed

.PHONY: setup demo test lint bench docs clean

$(STAMP): pyproject.toml requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --upgrade pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e '.[dev,test]'
	touch $(STAMP)

setup: $(STAMP)

demo: setup
	$(VENV)/bin/verenigingen demo $(DEMO_ARGS)

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

test: setup lint
	$(VENV)/bin/python -m pytest
	bash tests/frappe_suite.sh

bench: setup
	$(VENV)/bin/python -m benchmarks.collection $(BENCH_ARGS)

docs: setup
	$(VENV)/bin/python docs/build.py

clean:
	rm -rf $(VENV) build dist *.egg-info

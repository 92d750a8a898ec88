# make run: the app.  make check: linters, types and the fast tests, in a minute.  make test: linters, types and every test.
# make bench: the measurements.  make fuzz: 100,000 mutated pictures and 100,000 messages.  make train: the network.  make report: what the pages show of the models and the data.
# make samples: the Photo page's sample pictures.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.complete

.PHONY: setup run check test lint bench fuzz train report samples

run: setup
	$(BIN)/python -m streamlit run app.py

check: lint
	$(BIN)/python -m pytest tests -m "not slow" -n 2 --dist worksteal

# Two workers: one starts with the browser, which waits more than it computes, the other one with what trains networks.
# TensorFlow's threads of several processes would keep each other from the cores.
test: lint
	TF_NUM_INTRAOP_THREADS=1 $(BIN)/python -m pytest tests -n 2 --dist loadfile --no-loadscope-reorder

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	$(BIN)/python -m tests.benchmarks

fuzz: setup
	$(BIN)/python -m tests.fuzz

train: setup
	$(BIN)/python train_model.py --output trained

report: setup
	$(BIN)/python -m model report

samples: setup
	$(BIN)/python -m tests.handwriting.sample_pictures

setup: $(STAMP)

# The stamp comes last, so that an interrupted installation starts again.
$(STAMP): requirements.txt .deploy/requirements.txt tests/requirements.txt .constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v[:2] <= (3, 13) else \
	  "TensorFlow 2.21 has no build for this Python. Expected Python 3.11, 3.12 or 3.13. " \
	  f"Received: {v.major}.{v.minor}. Name another one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@

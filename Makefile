# Each target first makes what it needs: a virtual environment in .venv with siamdoctor and its tools.
# A bare machine needs Python 3.11, 3.12 or 3.13 with its venv module, git and make; PYTHON=python3.12 names another.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
SUITABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
# Every pip line that tells how far an installation has come, and no other.
PROGRESS := sed -nE 's/^ *Downloading ([^ ]+) \(([0-9.]+ [MG]B)\).*/  \1 (\2)/p; s/^(Installing collected packages):.*/  \1/p'
# A file of tests stays with one process, since its tests share what the first of them makes.
TESTS := -m pytest -n auto --maxprocesses 4 --dist loadfile
ARGS ?=

.PHONY: help demo test check slow bench fuzz readme clean

help: ## list the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: .venv/installed ## train a small network with a fault on the spot, and find the fault
	@$(BIN)/siamdoctor demo --fail-on never $(ARGS)

test: .venv/installed ## run the tests (ARGS="-k threshold" runs some of them)
	@$(BIN)/python $(TESTS) $(ARGS)

check: .venv/installed ## lint, format, types and tests: what a commit has to pass
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python $(TESTS) $(ARGS)

slow: .venv/installed ## run the tests that take minutes
	@$(BIN)/python -m pytest -m slow $(ARGS)

bench: .venv/installed-bench ## diagnose networks whose fault is known, and count how often it is named
	@$(BIN)/python benchmarks/ward.py $(ARGS)

fuzz: .venv/installed ## read 100,000 spoilt files, then seek counterexamples (ARGS="--count 1000 --seed 1")
	@$(BIN)/python tests/safety/fuzz.py $(ARGS)
	@HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest -m hypothesis

readme: .venv/installed ## write the generated parts of README.md anew
	@$(BIN)/python tests/readme_parts.py

clean: ## remove everything that was made, the virtual environment too
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .fuzz build dist benchmarks/.cache siamdoctor-demo
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: pyproject.toml
	@python="$(PYTHON)"; \
	for candidate in $${python:-python3 python3.13 python3.12 python3.11 python}; do \
	    if "$$candidate" -c '$(SUITABLE)' 2>/dev/null; then python=$$candidate; found=yes; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	    echo "siamdoctor needs Python 3.11, 3.12 or 3.13 with its venv module." >&2; \
	    echo "Received: $${python:-none of that kind on this machine}. Name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; \
	    exit 1; \
	fi; \
	echo "Making .venv with $$($$python --version) ($$python)"; \
	"$$python" -m venv .venv
	@echo "Installing siamdoctor and what it needs; TensorFlow is large, so this may take some minutes"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --editable '.[dev]' | $(PROGRESS)
	@touch $@

.venv/installed-bench: .venv/installed
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --editable '.[bench]' | $(PROGRESS)
	@touch $@

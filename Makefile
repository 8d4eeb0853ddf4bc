# Every target sets up what it needs. Weights and caches of development stay inside the clone.
export MEDSAMSEG_HOME ?= $(CURDIR)/.medsamseg
export PYTHONPATH := $(CURDIR)/Testing:$(CURDIR)/tools:$(CURDIR)/MedSAMSeg
export MEDSAMSEG_PYTHON := $(CURDIR)/.venv/bin/python

BIN := .venv/bin
TWO_AT_A_TIME := -n 2

.DEFAULT_GOAL := help
.PHONY: help environment compiled weights demo test test-full full-size lint style module-types server-types format docs bench screenshots check-extension check-install soak lock translations clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "make %-16s %s\n", $$1, $$2}' Makefile

environment: ## Make .venv with the pinned packages, and install missing system libraries
	@tools/environment/setup.sh

compiled: environment
	@tools/environment/compile.sh

weights: environment ## Download LiteMedSAM's weights (36 MB) once
	@$(BIN)/medsamseg models download litemedsam --yes

demo: weights ## Segment the tumour of the sample CT from one box; writes demo/
	@$(BIN)/python tools/demo

test: weights compiled ## Run the tests, two at a time
	@$(BIN)/python -m pytest $(TWO_AT_A_TIME)

test-full: weights compiled ## Run all tests, those of networks in full size too
	@$(BIN)/python -m pytest $(TWO_AT_A_TIME) -m "full or not full"

full-size: weights
	@$(BIN)/python -m pytest -m full

lint: environment ## Check style, formatting, which room imports which, and types
	@$(MAKE) --no-print-directory --jobs 2 server-types module-types style

style:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

module-types:
	@$(BIN)/mypy

server-types:
	@cd server && ../$(BIN)/mypy

format: environment ## Put the code into the project's format
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

docs: environment ## Make the documentation as a site, links checked; open build/site/index.html
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: weights full-size ## Measure speed and memory against named baselines; writes bench/
	@$(BIN)/python tools/bench

screenshots: weights ## Make the tutorials' pictures of the panel anew, in Resources/Screenshots
	@$(BIN)/python tools/screenshots

check-extension: environment ## Check what Slicer's Extensions Index asks for, and install the extension into a folder
	@$(BIN)/python Testing/extension

check-install: environment ## From nothing to a tumor by clicks, downloading what a user downloads; writes build/install
	@$(BIN)/python Testing/install

soak: weights ## Load and faults for minutes; writes soak/results.json
	@$(BIN)/python tools/soak

lock: environment ## Pin what users install, with checksums, in server/requirements (needs uv)
	@$(BIN)/python tools/lock

translations: environment ## Bring the panel's translations up to the sources, and compile them
	@PYTHONPATH=tools:Testing $(BIN)/python -m translations

clean: ## Remove everything that the other targets made
	rm -rf .venv .medsamseg demo bench soak build .pytest_cache .ruff_cache .import_linter_cache .mypy_cache server/.mypy_cache

.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# What make send, trace, replay … pass on, where it was given.
given = $(if $($(1)),$(2) '$($(1))')

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.txt requirements-dev.txt functions/ingest/requirements.txt functions/consumer/requirements.txt local/install.sh
	@bash local/install.sh $(PYTHON) $(VENV)

.PHONY: install
install: $(READY) ## Make the environment in .venv

.PHONY: run
run: $(READY) ## Start the whole system on this machine, until Ctrl-C
	@exec $(BIN)/python -m local

.PHONY: send
send: $(READY) ## Post a sample event (EVENT=…|all, FILE=…, URL=…, TOKEN=…)
	@$(BIN)/python -m cli send $(ARGS) $(call given,EVENT,--event) $(call given,FILE,--file) $(call given,URL,--url) $(call given,TOKEN,--token)

.PHONY: trace
trace: $(READY) ## Tell the life of an event (UID=…)
	@$(BIN)/python -m cli trace $(ARGS) $(call given,UID,)

.PHONY: dead-letters
dead-letters: $(READY) ## List what was refused or gave out
	@$(BIN)/python -m cli dead-letters $(ARGS)

.PHONY: replay
replay: $(READY) ## Send dead letters again (ARGS="--all --dry-run")
	@$(BIN)/python -m cli replay $(ARGS)

.PHONY: discard
discard: $(READY) ## Remove dead letters for good (ARGS="--uid …")
	@$(BIN)/python -m cli discard $(ARGS)

.PHONY: pause
pause: $(READY) ## Hold events back (ARGS=order, ARGS=all)
	@$(BIN)/python -m cli pause $(ARGS)

.PHONY: resume
resume: $(READY) ## Deliver them again (ARGS=order, ARGS=all)
	@$(BIN)/python -m cli resume $(ARGS)

.PHONY: status
status: $(READY) ## Say what is delivered, paused and waiting
	@$(BIN)/python -m cli status $(ARGS)

.PHONY: forget
forget: $(READY) ## Remove what is held of a person (ARGS="--id customer:15")
	@$(BIN)/python -m cli forget $(ARGS)

.PHONY: check-commerce
check-commerce: $(READY) ## Try sign-in and permissions at the configured store
	@$(BIN)/python -m cli check-commerce $(ARGS)

.PHONY: clean-state
clean-state: $(READY) ## Forget what the local system keeps in .local
	@$(BIN)/python -m local.clean

.PHONY: test
test: $(READY) ## Run every test that this machine can run
	@$(BIN)/python -m pytest -n auto --maxprocesses 2 --dist loadscope $(ARGS)

.PHONY: bench
bench: $(READY) ## Measure speed against a bare function
	@$(BIN)/python -m bench $(ARGS)

.PHONY: soak
soak: $(READY) ## Prove under random faults that nothing is lost or done twice
	@$(BIN)/python -m bench.soak $(ARGS)

.PHONY: docs
docs: $(READY) ## Write the documents that are made from the code
	@$(BIN)/python -m docs.generate

.PHONY: screenshots
screenshots: $(READY) ## Take the pictures of the console anew (needs Chromium)
	@$(BIN)/python -m docs.generate.screenshots

.PHONY: fmt
fmt: $(READY) ## Put the code in shape
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .
	@if command -v terraform >/dev/null; then terraform fmt -recursive terraform; fi

.PHONY: lint
lint: $(READY) ## Check the code's shape, change nothing
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@if command -v terraform >/dev/null; then terraform fmt -check -diff -recursive terraform; \
	elif [ -n "$$CI" ]; then echo "terraform is needed to check its files" >&2; exit 1; fi

.PHONY: check
check: ## What CI runs
	@bash .ci/run

.PHONY: plan
plan: ## Show what a deployment would change
	@bash terraform/run.sh plan

.PHONY: deploy
deploy: ## Deploy to Google Cloud (terraform apply)
	@bash terraform/run.sh apply

.PHONY: url
url: ## Print the deployed ingest URL
	@bash terraform/run.sh url

.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The tests start many processes: each would compile the project again where the
# environment forbids to store bytecode.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --dist loadscope

# These values may be pasted from elsewhere. They reach the command through the environment,
# as they are: neither make nor a shell expands them. ARGS is words of a shell command line.
unexport EVENT FILE URL TOKEN UID
export SEND_EVENT := $(value EVENT)
export SEND_FILE := $(value FILE)
export IMPORT_FILE := $(value FILE)
export SEND_URL := $(value URL)
export SEND_TOKEN := $(value TOKEN)
# The environment may hold the user's number as UID: only make trace UID=… counts.
export TRACE_UID := $(if $(filter command,$(origin UID)),$(value UID))

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {printf "  %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements-dev.txt local/install.sh
	@bash local/install.sh $(PYTHON) $(VENV)

.PHONY: install
install: $(READY) ## Create the virtual environment in .venv

.PHONY: run
run: $(READY) ## Start the whole system on this machine; Ctrl-C stops it
	@exec $(BIN)/python -m local

.PHONY: send
send: $(READY) ## Post a sample event (EVENT=…|all, FILE=…, URL=…; TOKEN=… make send)
	@$(BIN)/python -m cli send $(ARGS)

.PHONY: import
import: $(READY) ## Post a file's rows as events (FILE=…, EVENT=…; CSV, NDJSON, JSON)
	@$(BIN)/python -m cli import $(ARGS)

.PHONY: events
events: $(READY) ## List events and their next attempts (ARGS="--state pending --follow")
	@$(BIN)/python -m cli events $(ARGS)

.PHONY: trace
trace: $(READY) ## Show an event's history (UID=…)
	@$(BIN)/python -m cli trace $(ARGS)

.PHONY: dead-letters
dead-letters: $(READY) ## List dead letters: rejected events and exhausted retries
	@$(BIN)/python -m cli dead-letters $(ARGS)

.PHONY: replay
replay: $(READY) ## Publish dead letters again (ARGS="--all --dry-run")
	@$(BIN)/python -m cli replay $(ARGS)

.PHONY: discard
discard: $(READY) ## Delete dead letters (ARGS="--uid …")
	@$(BIN)/python -m cli discard $(ARGS)

.PHONY: pause
pause: $(READY) ## Stop the deliveries of an entity (ARGS=order, ARGS=all)
	@$(BIN)/python -m cli pause $(ARGS)

.PHONY: resume
resume: $(READY) ## Continue the deliveries (ARGS=order, ARGS=all)
	@$(BIN)/python -m cli resume $(ARGS)

.PHONY: status
status: $(READY) ## Show what is delivered, paused and waiting
	@$(BIN)/python -m cli status $(ARGS)

.PHONY: forget
forget: $(READY) ## Delete the personal data of a customer (ARGS="--id customer:15")
	@$(BIN)/python -m cli forget $(ARGS)

.PHONY: check-commerce
check-commerce: $(READY) ## Check credentials and permissions at the configured Commerce
	@$(BIN)/python -m cli check-commerce $(ARGS)

.PHONY: check-kit
check-kit: $(READY) ## Check what a checkout of Adobe's kit needs to move here (ARGS=PATH)
	@$(BIN)/python -m cli check-kit $(ARGS)

.PHONY: new-event
new-event: $(READY) ## Write a new event: catalogue, schema, sample, handler, test
	@$(BIN)/python -m cli new-event $(ARGS)

.PHONY: connect-commerce
connect-commerce: $(READY) ## Subscribe Commerce's events (ARGS="--url … --workspace workspace.json --dry-run")
	@$(BIN)/python -m cli connect-commerce $(ARGS)

.PHONY: clean-state
clean-state: $(READY) ## Delete the state of the local system (.local)
	@$(BIN)/python -m local.clean

# More workers than two cores, because many tests wait.
.PHONY: test
test: $(READY) ## Run every test that this machine can run
	@$(PYTEST) -n 4 $(ARGS)

.PHONY: test-fast
test-fast: $(READY) ## Run the unit tests: seconds, no processes, no emulator
	@$(PYTEST) -n auto --maxprocesses 2 -p no:logging tests/unit $(ARGS)

.PHONY: coverage
coverage: $(READY) ## Measure which branches of functions/ the tests run
	@bash tools/coverage.sh $(ARGS)

.PHONY: bench
bench: $(READY) ## Measure speed against a bare function
	@$(BIN)/python -m bench $(ARGS)

.PHONY: soak
soak: $(READY) ## Verify under random faults that no event is lost or applied twice
	@$(BIN)/python -m bench.soak $(ARGS)

.PHONY: docs
docs: $(READY) ## Generate the pages and tables that follow from the code
	@$(BIN)/python -m tools.docs

.PHONY: costs
costs: $(READY) ## Compute what a load costs (ARGS="--events-per-second 40 --commerce-ms 250")
	@$(BIN)/python -m tools.costs $(ARGS)

.PHONY: site
site: $(READY) ## Build the documentation as a site in build/site, and check its links
	@bash tools/site/build.sh $(ARGS)

.PHONY: screenshots
screenshots: $(READY) ## Take the pictures of the console (needs Chromium)
	@$(BIN)/python -m tools.screenshots

.PHONY: lock
lock: $(READY) ## Resolve the dependencies (ARGS=--upgrade for newer versions)
	@bash tools/lock.sh $(ARGS)

.PHONY: fmt
fmt: $(READY) ## Format the code
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .
	@if command -v terraform >/dev/null; then terraform fmt -recursive terraform; fi

.PHONY: lint
lint: $(READY) ## Check style, types and format; change nothing
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@if command -v terraform >/dev/null; then terraform fmt -check -diff -recursive terraform; \
	elif [ -n "$$CI" ]; then echo "terraform is missing, so its files cannot be checked: install terraform 1.11 or newer" >&2; exit 1; fi

.PHONY: checkov
checkov: $(READY) ## Check terraform/ for risks (checkov)
	@bash tools/checkov.sh $(ARGS)

.PHONY: audit
audit: $(READY) ## Look for known vulnerabilities in all locked packages (network)
	@bash tools/audit.sh $(ARGS)

.PHONY: licences
licences: $(READY) ## List and check the licences of the deployed packages
	@$(BIN)/python -m tools.licences

.PHONY: sbom
sbom: $(READY) ## Write a CycloneDX list of each function's packages into build/
	@bash tools/sbom.sh

.PHONY: check
check: ## Run what CI runs: set-up, lint, checkov, every test
	@bash .ci/run

.PHONY: plan
plan: ## Show what a deployment changes
	@bash terraform/run.sh plan

.PHONY: deploy
deploy: ## Deploy to Google Cloud (terraform apply)
	@bash terraform/run.sh apply

.PHONY: url
url: ## Print the deployed ingest URL (ARGS=commerce_events: for Adobe I/O Events)
	@bash terraform/run.sh url $(ARGS)

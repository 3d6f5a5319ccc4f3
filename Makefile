# The commands a newcomer needs. Python >= 3.11 with venv, git and make are enough; the rest goes into .venv, nothing elsewhere.

SHELL := /bin/sh
.DEFAULT_GOAL := help

# Settings of other environments have no say here.
unexport VIRTUAL_ENV CONDA_PREFIX PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIRE_HASHES
unexport PYTHONDONTWRITEBYTECODE UV_NO_SYNC UV_SYSTEM_PYTHON UV_PROJECT UV_NO_DEV UV_NO_DEFAULT_GROUPS UV_LOCKED
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
export UV_PYTHON := $(CURDIR)/.venv/bin/python
export UV_PYTHON_DOWNLOADS := never

export PYTHON PORT RESET
# As typed: a $ in a password is no variable. It goes on in the environment, where `ps` does not show it.
override export DEMO_PASSWORD := $(value DEMO_PASSWORD)

BIN := .venv/bin
INPUTS := pyproject.toml uv.lock .venv/ready-uv
SYNC := $(BIN)/uv sync --frozen --quiet

help: ## what can be done
	@sed -n 's/^\([a-z]*\):.*## /make \1	/p' Makefile | expand -t 16

setup: .venv/ready-dev ## install everything for developing

run: .venv/ready-demo ## start the demo; PORT=8123 DEMO_PASSWORD=... RESET=1 if you like
	@set -- demo; \
	[ -z "$$PORT" ] || set -- "$$@" --port "$$PORT"; \
	[ -n "$$DEMO_PASSWORD" ] || unset DEMO_PASSWORD; \
	case "$$RESET" in ''|0|no) ;; *) set -- "$$@" --reset ;; esac; \
	exec $(BIN)/slotgraph "$$@"

test: .venv/ready-dev ## run all tests that need no account elsewhere, on SQLite, then on PostgreSQL; ARGS="-k slots" for some
	$(BIN)/pytest -n 2 $(ARGS)
	$(BIN)/pytest -n 2 --database postgresql $(ARGS) || [ $$? -eq 5 ] # 5: none of ARGS reaches a database

soak: .venv/ready-dev ## run the long tests, minutes each; ARGS="-k booking" for some
	$(BIN)/pytest --soak -m soak -n 2 -v -o faulthandler_timeout=0 tests/oracle tests/reliability tests/reliability/load $(ARGS)
	$(BIN)/pytest --soak -m soak -n 2 -v -o faulthandler_timeout=0 --database postgresql tests/reliability tests/reliability/load $(ARGS) || [ $$? -eq 5 ]

bench: .venv/ready-dev ## measure the speed, as ratios to C and to the slowest account; ARGS="--only slots" for a part
	$(BIN)/python -m benchmarks.bench $(ARGS)

check: .venv/ready-dev ## style, types, who imports whom, the SDL snapshot, the rules of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/slotgraph export-schema --check schema/schema.graphql
	$(BIN)/pytest -q tests/test_house.py tests/house tests/docs tests/server/test_settings.py tests/server/test_web_assets.py

# .venv/ready-uv: the environment and uv in it. Its text is where it was made, for a checkout that moved must make it anew.
.venv/ready-uv: tools/uv.txt always
	@if [ "$$(cat $@ 2>/dev/null)" = "$(CURDIR)" ] && [ ! tools/uv.txt -nt $@ ] && $(BIN)/python -c '' 2>/dev/null; then exit 0; fi; \
	python=$$(tools/find-python) || exit 1; \
	echo "Making .venv with $$python ..."; \
	"$$python" -m venv --clear .venv && \
	$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r tools/uv.txt && \
	echo "$(CURDIR)" > $@

# What runs the demo. Inexact: what `setup` brought stays.
.venv/ready-demo: $(INPUTS)
	@echo "Installing what the demo needs ..."
	@$(SYNC) --inexact --no-dev --extra demo
	@touch $@

.venv/ready-dev: $(INPUTS)
	@echo "Installing what development needs ..."
	@$(SYNC)
	@touch .venv/ready-demo $@

always:

.PHONY: help setup run test soak bench check always

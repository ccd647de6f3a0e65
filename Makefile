# ecomhub: `make demo` runs a whole company on this machine, `make test` proves it works.
# Needs Python 3.11 or newer and a package registry; everything else comes from the lock.

PY := $(shell for p in $(PY) python3.11 python3; do if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; exit; fi; done)
VENV ?= .venv
BIN := $(VENV)/bin
NAME ?=
ARGS ?=
SPREAD ?= --numprocesses auto --dist loadfile

# Compiled modules are what makes the second start fast.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test lint types bench clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo    a running company: PORT=8000 SEED=1 SPEED=60 (stop with Ctrl-C)'
	@echo 'make test    every test, on our own Postgres and Valkey, in a real browser'
	@echo 'make lint    style, import contracts'
	@echo 'make types   mypy --strict'
	@echo 'make bench   speed against the limit: NAME=reserve, ingest, orders_list, order_api, order_feed, settlement, export'
	@echo 'make clean   forget the demo company (.run)'

# The locks are hashed and name no registry; pip decides where packages come from. The demo's lock is a
# part of the whole one: a first look need not wait for test tools.
$(VENV)/bin/python:
	@if test -z '$(PY)'; then echo 'Python 3.11 or newer is needed: install it, or name it with PY=/path/to/python3.' >&2; exit 1; fi
	@echo 'Installing packages into $(VENV) ...'
	@$(PY) -m venv --without-pip $(VENV)

$(VENV)/.demo: requirements-demo.lock ecomhub/runtime/install.py | $(VENV)/bin/python
	@$(BIN)/python ecomhub/runtime/install.py requirements-demo.lock
	@touch $@

$(VENV)/.ok: requirements.lock ecomhub/runtime/install.py | $(VENV)/bin/python
	@$(BIN)/python ecomhub/runtime/install.py requirements.lock
	@touch $(VENV)/.demo $@

demo: $(VENV)/.demo
	@exec $(BIN)/python -m ecomhub demo

test: $(VENV)/.ok
	$(BIN)/python -m pytest $(SPREAD) $(ARGS)

lint: $(VENV)/.ok
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.ok
	ECOMHUB_ENV=test $(BIN)/mypy --strict .

bench: $(VENV)/.ok
	@test -n '$(NAME)' || { echo 'Which one? For example: make bench NAME=reserve' >&2; exit 1; }
	@$(BIN)/python -m ecomhub bench $(NAME) $(ARGS)

clean:
	@if test -f .run/postgres-elsewhere; then rm -rf "$$(cat .run/postgres-elsewhere)"; fi
	rm -rf .run

# Two commands are all a newcomer needs: `make run` and `make test`. Both set up what they need in .venv by themselves.

VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check

# The first of these that is Python 3.11 or 3.12.
PYTHON ?= $(shell for python in python3.11 python3.12 python3; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null \
	&& echo $$python && break; done)

# Settings of the service are SONNIM_... variables: see docs/operations.md.
WORKERS ?= 3

.PHONY: help run kafka test chaos check format bench pictures lock clean

help:
	@echo 'make run      start Sonnim with a demo shop; Ctrl-C stops it, the data stays in .sonnim'
	@echo 'make kafka    run an Apache Kafka broker on 127.0.0.1:9092 (needs Java 17 and Maven); Ctrl-C stops it'
	@echo 'make test     run all tests (TESTS=path to run some)'
	@echo 'make chaos    kill everything at random under load, several minutes; what is left must be as if nothing had been'
	@echo 'make check    formatting, lint, types, layers'
	@echo 'make format   bring the code into shape'
	@echo 'make bench    run the benchmarks'
	@echo 'make pictures take the pictures of the README anew, from the demo shop (ten minutes)'
	@echo 'make lock     renew requirements.lock and requirements-dev.lock'
	@echo 'make clean    remove .venv and caches; the data in .sonnim stays'

run: $(VENV)/run.stamp
	@exec $(VENV)/bin/sonnim up --demo

kafka: $(VENV)/run.stamp
	@exec $(VENV)/bin/python -m deploy.kafka --data .sonnim/kafka --port 9092

test: $(VENV)/dev.stamp
	@$(VENV)/bin/python -m tests.broker.prepare
	@$(VENV)/bin/python -m tests.browser.prepare
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist worksteal $(TESTS)

chaos: $(VENV)/dev.stamp
	@$(VENV)/bin/python -m tests.broker.prepare
	$(VENV)/bin/python -m tests.chaos $(CHAOS)

check: $(VENV)/dev.stamp
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(VENV)/dev.stamp
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

bench: $(VENV)/dev.stamp
	$(VENV)/bin/python -m benchmarks.run

pictures: $(VENV)/dev.stamp
	$(VENV)/bin/python -m tests.browser.pictures

# `setuptools` is in the locks because the project itself is installed without a build environment of its own.
lock: $(VENV)/bin/python
	$(VENV)/bin/python -m venv $(VENV)/lock
	$(VENV)/lock/bin/pip install --quiet --disable-pip-version-check uv
	echo 'setuptools>=77' | $(COMPILE) pyproject.toml - --output-file requirements.lock
	echo 'setuptools>=77' | $(COMPILE) pyproject.toml - --extra dev --constraint requirements.lock \
		--output-file requirements-dev.lock

COMPILE := $(VENV)/lock/bin/uv pip compile --quiet --upgrade --generate-hashes --universal --fork-strategy fewest \
	--python-version 3.11 --no-header --no-annotate --no-emit-index-url

clean:
	rm -rf $(VENV) build sonnim.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@if [ -z '$(PYTHON)' ]; then \
		echo 'Sonnim needs Python 3.11 or 3.12, and none of python3.11, python3.12 and python3 is one.'; \
		echo 'Install one of them, or name it: make run PYTHON=/path/to/python3.11'; exit 1; fi
	@echo 'Creating .venv with $(PYTHON) ...'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo 'Python cannot create virtual environments: install its venv package (Debian: python3-venv).'; exit 1; }

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo 'Installing what Sonnim needs (once, a minute or two) ...'
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo 'Installing what Sonnim and its tests need (once, a minute or two) ...'
	@$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Each target does its own set-up; a fresh machine needs only Python >= 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-slow bench bench-evaluation bench-designs format lock install clean

demo: $(VENV)/installed
	$(BIN)/equipoise demo

install: $(VENV)/installed

test: $(VENV)/installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist loadfile

test-slow: $(VENV)/installed-test
	$(BIN)/python -m pytest -m slow
	HYPOTHESIS_PROFILE=explore $(BIN)/python -m pytest -m "not slow" tests/properties tests/protocols tests/gateway/store

bench: $(VENV)/installed-test
	$(BIN)/python -m benchmarks

bench-evaluation: $(VENV)/installed-test
	$(BIN)/python -m benchmarks evaluation

bench-designs: $(VENV)/installed-test
	$(BIN)/python -m benchmarks designs

format: $(VENV)/installed-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The locks hold versions and hashes for every platform, and no index address.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock: $(VENV)/installed-test
	$(COMPILE) --extra build --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra build --extra test --constraint requirements.lock \
	    --output-file tests/requirements.lock pyproject.toml

INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
SELF := $(INSTALL) --no-deps --no-build-isolation --editable .

$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes --requirement requirements.lock
	$(SELF)
	touch $@

$(VENV)/installed-test: tests/requirements.lock $(VENV)/installed
	$(INSTALL) --require-hashes --requirement tests/requirements.lock
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info

# Two commands do everything, set-up included: `make run` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
HOST ?= 127.0.0.1
PORT ?= 7860
export HOST PORT
# Packages that only the tests need: the browser, what the driver that steers it links to, a second kind of database.
TEST_PACKAGES := chromium libatomic1 postgresql

.DEFAULT_GOAL := help
.PHONY: help house run test packages test-packages bench composition-report joint-report separation-report mir1k-report heard-report report screenshots space clean

help:
	@echo "make run          set up what is missing and start the app on http://$(HOST):$(PORT)"
	@echo "make test         set up what is missing and run lint, types, unit and browser tests"
	@echo "make bench        run every benchmark; results go to benchmarks/results/"
	@echo "make composition-report  train and measure the composers on both forms (an hour); resumes below runs/"
	@echo "make joint-report DATA=SOLOS  measure the joint model and its rivals on a folder of human solos (10 minutes)"
	@echo "make separation-report DATA=SONGS CLIPS=MIR1K  measure all separators on songs with stems; resumes below runs/"
	@echo "make mir1k-report DATA=MIR1K  train on the two training singers of MIR-1K and measure on the others; resumes below runs/"
	@echo "make heard-report DATA=SONGS CLIPS=MIR1K VOICES=SOLOS BACKINGS=FILES  measure what a visitor hears"
	@echo "make report       write every table and figure anew from the committed measurements"
	@echo "make space        assemble what a Hugging Face Space gets, check it, start it from nothing, do the three jobs"
	@echo "make kills        kill a thousand processes that write ratings, on each kind of database, and look for what is lost"
	@echo "make load         fifty visitors of all three tabs for two minutes; make soak: a day of visitors in ten minutes"
	@echo "make house        draw the picture of models/README.md from the imports"
	@echo "make screenshots  take the README pictures from the app that make run has started"

run: packages $(VENV)/run.stamp
	$(BIN)/python app.py

test: packages test-packages $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: packages test-packages $(VENV)/test.stamp
	for job in benchmarks/*.py; do PYTHONPATH=. $(BIN)/python $$job || exit 1; done

composition-report: $(VENV)/run.stamp
	PYTHONPATH=. $(BIN)/python -m training.composition.report

joint-report: $(VENV)/run.stamp
	PYTHONPATH=. $(BIN)/python -m training.composition.ablation --weimar $(DATA)
	PYTHONPATH=. $(BIN)/python -m training.composition.joint_report --weimar $(DATA)

separation-report: $(VENV)/run.stamp
	PYTHONPATH=. $(BIN)/python -m training.separation.report $(if $(DATA),--data $(DATA)) $(if $(CLIPS),--clips $(CLIPS))

heard-report: $(VENV)/run.stamp
	PYTHONPATH=. $(BIN)/python -m training.separation.heard $(if $(DATA),--data $(DATA)) $(if $(CLIPS),--clips $(CLIPS)) \
	  $(if $(VOICES),--voices $(VOICES)) $(if $(BACKINGS),--backings $(BACKINGS))

report: $(VENV)/run.stamp
	PYTHONPATH=. $(BIN)/python -m training.report

mir1k-report: $(VENV)/run.stamp
	PYTHONPATH=. $(BIN)/python -m training.separation.mir1k $(if $(DATA),--data $(DATA))

screenshots: test-packages $(VENV)/test.stamp
	PYTHONPATH=. $(BIN)/python tests/screenshots.py http://$(HOST):$(PORT)

space: packages test-packages $(VENV)/test.stamp
	PYTHONPATH=. $(BIN)/python tests/space_start.py

.PHONY: kills load soak
kills: test-packages $(VENV)/test.stamp
	PYTHONPATH=. $(BIN)/python tests/kills.py

soak load: packages $(VENV)/test.stamp
	$(BIN)/python -m benchmarks.$@

house: $(VENV)/test.stamp
	$(BIN)/python tests/house.py

packages: PACKAGES = $(shell cat packages.txt)
packages:
	@$(call debian,$(PACKAGES))

test-packages:
	@$(call debian,$(TEST_PACKAGES))

$(VENV)/run.stamp: requirements.txt
	@$(PYTHON) -c "import ensurepip" 2>/dev/null || { $(call debian,python3-venv); }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/test.stamp: requirements-dev.txt tests/axe_core.py $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python tests/axe_core.py
	touch $@

clean:
	rm -rf $(VENV) data runs .pytest_cache .mypy_cache .ruff_cache .hypothesis

# $(call debian,NAMES): install the Debian packages among NAMES that are missing, or say in one line what to do.
define debian
missing=""; for name in $(1); do \
  dpkg-query -W -f '$${Status}' $$name 2>/dev/null | grep -q "ok installed" || missing="$$missing $$name"; done; \
if [ -n "$$missing" ]; then \
  if ! command -v apt-get >/dev/null; then \
    echo "Not a Debian system: install the equivalent of$$missing, then run make again." >&2; exit 1; fi; \
  if [ "$$(id -u)" = 0 ]; then as_root=""; elif command -v sudo >/dev/null; then as_root="sudo"; else \
    echo "Missing Debian packages:$$missing. As root: apt-get install$$missing" >&2; exit 1; fi; \
  echo "Installing Debian packages:$$missing"; \
  $$as_root apt-get update -qq && \
  $$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi
endef

.PHONY: help install dev demo test test-slow test-all test-anywhere test-lowest coverage constraints check docs docs-serve notebook bench bench-quick clean
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
# Tests of compiled kernels share a worker, which compiles them once.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto

help:  ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

.venv/.pip:
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "edgewise needs Python 3.11 or newer; set PYTHON=python3.12"'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	touch $@

.venv/.core: .venv/.pip pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[paper]'
	touch $@

.venv/.dev: .venv/.core
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[paper,torch,tables]' --group dev
	# modAL's release pins an old skorch; without its dependencies it runs beside today's.
	$(BIN)/python -m pip install --quiet --no-deps -c constraints.txt modAL-python
	$(BIN)/python -m pip install --quiet --no-deps -c constraints.txt --group boosting
	touch $@

install: .venv/.core  ## set up .venv with what edgewise needs

dev: .venv/.dev  ## the same with torch and the tools

demo: .venv/.core  ## the main job on data that ship or are generated; writes demo/report.html
	$(BIN)/edgewise demo

test: .venv/.dev  ## the tests, under 5 minutes on 2 cores
	$(PYTEST)

test-slow: .venv/.dev  ## only the tests that take longer
	$(PYTEST) -m slow

test-all: test test-slow  ## both

LOWEST := tests/attacks/trees tests/labelling tests/learning tests/models tests/strategies tests/data tests/pools
LOWEST_TOOLS := pytest==9.2.0 hypothesis==6.170.15 pytest-xdist==3.8.0 pytest-randomly==5.1.0 pandas==2.2.3 \
  cloudpickle==3.1.2 psutil==7.2.2

test-anywhere: .venv/.dev  ## the fast tests as on other processors, without data, without git, in a random order
	$(PYTEST)
	ATEN_CPU_CAPABILITY=default $(PYTEST)
	ATEN_CPU_CAPABILITY=avx2 $(PYTEST)
	OPENBLAS_CORETYPE=Nehalem $(PYTEST)
	env -u EDGEWISE_DATA $(PYTEST)
	PATH=$(CURDIR)/$(BIN) $(PYTEST)
	$(PYTEST) -p randomly

test-lowest:  ## the core's tests with the lowest versions that pyproject.toml claims; needs uv
	uv venv --quiet --clear --python 3.11 .venv-lowest
	uv pip install --quiet --python .venv-lowest/bin/python --resolution lowest-direct -e '.[paper,tables,audit,label]' $(LOWEST_TOOLS)
	OMP_NUM_THREADS=1 .venv-lowest/bin/python -m pytest -n auto $(LOWEST)

coverage: .venv/.dev  ## the fast tests with the share of lines they run; below the floor in pyproject.toml it fails
	$(PYTEST) --cov

constraints: .venv/.dev  ## write the versions that are installed to constraints.txt
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' > constraints.txt

check: .venv/.dev  ## ruff, pyright strict, layers, sizes, docstrings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python tools/circles.py
	$(BIN)/python tools/sizes.py
	$(BIN)/python tools/docstrings.py
	$(BIN)/python tools/keys.py

.venv/.docs: .venv/.pip pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt --group docs
	touch $@

docs: .venv/.docs  ## the site, in site/; a broken link or reference stops it
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

docs-serve: .venv/.docs  ## the site at http://127.0.0.1:8000, made again as you write
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs serve

notebook: .venv/.dev  ## run docs/walkthrough.ipynb again and keep its outputs
	OMP_NUM_THREADS=1 $(BIN)/python -c 'from nbclient.cli import main; main()' --inplace docs/walkthrough.ipynb

clean:  ## remove what was built, not the results
	rm -rf .venv .venv-lowest dist build site .pytest_cache .ruff_cache .hypothesis

bench-quick: .venv/.dev  ## what calls cost over plain work, beside the committed ratios, in three minutes
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/quick.py

bench: .venv/.dev  ## the benchmarks, hours; BENCH=region for one; its peers are installed first
	$(BIN)/python -m pip install --quiet --no-deps -c constraints.txt --group bench
	for script in $(if $(BENCH),benchmarks/$(BENCH).py,$(wildcard benchmarks/*.py)); do OMP_NUM_THREADS=1 $(BIN)/python $$script || exit 1; done

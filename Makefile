# Every target makes the environment it needs; PYTHON picks the interpreter (3.11 or newer).
PYTHON ?= python3
ENV := .venv
BIN := $(ENV)/bin

.DEFAULT_GOAL := help
.PHONY: help targets live site derive check book test slow fuzz mutate lint certify notebook train accuracy bench scaling trust coverage clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-8s %s\n", $$1, $$2}'

derive: $(ENV)/derive.done ## derive and prove every layer, write generated/
	@$(BIN)/pullback generate

check: $(ENV)/derive.done ## compare generated/ with what would be written
	@$(BIN)/pullback generate --check --fresh

BOOK := build/book
TEX := pdflatex -interaction=batchmode -halt-on-error book.tex
book: $(ENV)/derive.done ## all derivations as a PDF, build/book/book.pdf (needs pdflatex)
	@command -v pdflatex >/dev/null || { echo "make book: there is no pdflatex; TeX Live has it" \
	  "(on Debian: apt-get install texlive-latex-recommended)" >&2; exit 1; }
	@$(BIN)/pullback book --out $(BOOK)
	@cd $(BOOK) && for run in first second; do $(TEX) >/dev/null || \
	  { echo "make book: pdflatex stopped; $(BOOK)/book.log says why" >&2; exit 1; }; done
	@echo $(BOOK)/book.pdf

# a process to each core: threads of BLAS beside them would wait for one another
test slow targets train: export OPENBLAS_NUM_THREADS = 1

test: $(ENV)/test.done ## run the tests, but for those that take minutes each
	@$(BIN)/python -m pytest -n auto

slow: $(ENV)/test.done ## run the tests that take minutes each
	@$(BIN)/python -m pytest -n auto -m slow

targets: $(ENV)/targets.done ## try modules for the array API, PyTorch and JAX with these (ALL=1: every layer)
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto $(if $(ALL),-m "slow or not slow") tests/targets

fuzz: $(ENV)/test.done ## try some hundred random layers beside an independent autodiff
	@PULLBACK_FUZZ=$${PULLBACK_FUZZ:-300} $(BIN)/python -m pytest -m slow tests/test_fuzz_layers.py

mutate: $(ENV)/test.done ## try single mutations of every module: which do its own tests not see?
	@$(BIN)/python -m tests.mutations $(EACH)

live: $(ENV)/live.done ## type a definition and see what follows, on a page in the browser
	@$(BIN)/pullback live

site: $(ENV)/live.done ## the same page as one file that needs no server, build/site/index.html (needs npm)
	@$(BIN)/pullback site

lint: $(ENV)/lint.done ## check style (ruff) and types (mypy)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

certify: $(BIN)/python ## compile the machine proofs of the laws, say which axioms they need (needs Coq)
	@$(BIN)/python -m proofs.certify

notebook: $(ENV)/test.done ## run the notebook in examples/ and keep its outputs in it
	@$(BIN)/python -m examples.notebook

train: $(ENV)/train.done ## train generated networks on digits and on a spiral, with pictures
	@$(BIN)/python -m examples.train

accuracy: $(ENV)/bench.done ## errors in ULPs beside peers, infinities, memory of a million steps
	@$(BIN)/python -m bench.accuracy
	@$(BIN)/python -m bench.infinities
	@$(BIN)/python -m bench.steps

bench: $(ENV)/bench.done ## time layers and a training step beside peers, into bench/results/
	@$(BIN)/python -m bench.speed

trust: $(ENV)/bench.done ## count the steps that are proved for every size, and corrupt them
	@$(BIN)/python -m bench.proofs --mutants 1

coverage: $(ENV)/coverage.done ## say what others define in this language, beside their own code; docs/coverage.md
	@$(BIN)/python -m bench.coverage

scaling: $(ENV)/bench.done ## time deriving and proving against the size of a definition
	@$(BIN)/python -m bench.derive

clean: ## remove the environment and what tools left
	rm -rf $(ENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis examples/out

$(BIN)/python:
	$(PYTHON) -m venv $(ENV)

$(ENV)/derive.done: EXTRAS = pages,progress
$(ENV)/test.done: EXTRAS = test
$(ENV)/targets.done: EXTRAS = test,targets
$(ENV)/lint.done: EXTRAS = lint,test
$(ENV)/live.done: EXTRAS = live,progress
$(ENV)/train.done: EXTRAS = train
$(ENV)/bench.done: EXTRAS = bench
$(ENV)/coverage.done: EXTRAS = bench,coverage
$(ENV)/%.done: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[$(EXTRAS)]'
	@touch $@

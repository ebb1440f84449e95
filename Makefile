# What each target needs, a virtual environment included, is made from nothing but Python 3.11 or newer.

PYTHON ?= python3
# Not taken from the environment, where ENV is the name of a shell's startup file.
ENV := dev
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
COMPILE := $(BIN)/python -m compileall -q tap
# Each with its file of templates/.
TEMPLATES := tap:tap bootstrap:bootstrap repository:repository catalog:service-catalog
# The rules of cdk-preflight alone: what it depends on is the whole AWS CDK.
PREFLIGHT := install --no-deps cdk-preflight
GENERATE := "from tap.template.registry import builder; from tap.template.render import to_text; \
	print(to_text(builder('tap')()), end='')"
# $(call write_page,MODULE,PAGE): write docs/PAGE.md, or leave it as it is where MODULE fails.
write_page = mkdir -p build && $(BIN)/python -m $(1) > build/page && mv build/page docs/$(2).md
# Checkov holds boto3 and networkx to versions that are not ours: a virtual environment of its own.
CHECKOV := $(VENV)/checkov

# With a value, tools and libraries are the newest releases that setup.cfg admits instead of those of constraints*.txt.
UNPINNED :=
PINS = $(if $(UNPINNED),,-c $(1))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help rehearse test coverage mutate template generated-files lint docs size pages fuzz bench package lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

rehearse: $(VENV)/.rehearse generated-files ## deploy into an emulator on this machine; or ENV=staging
	$(BIN)/tap rehearse $(ENV)

test: lint ## lint, then all tests; UNPINNED=1 with the newest releases
	$(BIN)/pytest

# A target of its own, which CI runs too: measuring doubles what the tests cost.
coverage: $(VENV)/.dev ## all tests, and what of the code none of them runs
	$(BIN)/pytest --cov

# Outside of `make test`: minutes a module. MODULE is one of tests/mutation/modules.toml, SAMPLE the mutants of each.
mutate: $(VENV)/.dev ## break the core and list what no test notices; MODULE=FILE
	SAMPLE=$(SAMPLE) $(BIN)/python tests/mutation/mutate.py $(MODULE)

template: $(VENV)/.dev generated-files ## write templates/ and the generated pages of docs/
	$(call write_page,tap.wiring,wiring-rules)

# What `tap rehearse` deploys, and the pages made from it: all that the extra of rehearsals can write.
generated-files: $(VENV)/.rehearse
	@$(BIN)/python -m tap.rehearsal.new_types
	for each in $(TEMPLATES); do \
		$(BIN)/python generate.py --template $${each%:*} -o templates/$${each#*:}.yaml || exit; done
	$(BIN)/tap diagram prod -o docs/architecture.svg
	$(call write_page,tap.docs.application,application)
	$(call write_page,tap.docs.costs,costs)
	$(call write_page,tap.docs.parameters,parameters)
	$(call write_page,tap.docs.outputs,reference/outputs)
	$(call write_page,tap.docs.commands,reference/commands)

lint: $(VENV)/.dev ## ruff, mypy, the template's validators, templates/ up to date
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m tap.lint
	@for each in $(TEMPLATES); do \
		$(BIN)/python generate.py --template $${each%:*} | cmp - templates/$${each#*:}.yaml || \
		{ echo "templates/$${each#*:}.yaml is not what generate.py prints: run make template"; exit 1; }; done

# Every file of the repository is part of the site: what a page links to is there, and a link that leads nowhere fails.
docs: $(VENV)/.docs ## the documentation as a site, in build/site; dead links fail
	rm -rf build/pages && mkdir -p build/pages
	git ls-files --cached --others --exclude-standard | tar -cf - -T - | tar -xf - -C build/pages
	@# Without the advertisement that Material for MkDocs prints.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

size: $(VENV)/.rehearse ## the template's resources and bytes
	$(BIN)/python -m bench.size

pages: $(VENV)/.dev ## every page in headless Chromium; screenshots in build/
	$(BIN)/pytest -n 0 tests/page/browser/pages.py

fuzz: $(VENV)/.dev ## the validation function on 275,000 examples: minutes
	$(BIN)/pytest --no-cov -n 2 --dist load tests/fuzz/fuzz_validation.py

bench: $(VENV)/.rehearse ## what generating, deploying and validating cost
	$(BIN)/python -m bench.run
	$(BIN)/python -m bench.deploy
	$(BIN)/python -m bench.validation
	$(BIN)/python -m bench.peers

package: $(VENV)/.dev ## build wheel and sdist into dist/, and try each by itself
	rm -rf dist build/package && mkdir -p build/package/empty
	$(BIN)/python -m build --quiet
	for file in dist/*; do \
		for extra in lint cli; do \
			$(PYTHON) -m venv --clear build/package/$$extra || exit; \
			build/package/$$extra/bin/python -m pip --quiet install -c constraints.txt "$$file[$$extra]" || exit; \
		done; \
		(cd build/package/empty && ../lint/bin/cfn-lint --append-rules tap.wiring --list-rules | grep -q "^E9404:" && \
			../lint/bin/python -m tap.wiring | cmp - $(CURDIR)/docs/wiring-rules.md && \
			../cli/bin/tap --help >/dev/null && \
			../cli/bin/python -c $(GENERATE) | cmp - $(CURDIR)/templates/tap.yaml) || exit; \
	done

lock: ## write constraints*.txt anew, with Python 3.11
	$(PYTHON) -m venv --clear $(VENV)/lock
	$(VENV)/lock/bin/python -m pip --quiet install -e '.[dev,docs]'
	$(VENV)/lock/bin/python -m pip --quiet $(PREFLIGHT)
	{ echo "# Written by make lock: every version that the tests run with."; \
	  $(VENV)/lock/bin/python -m pip freeze --exclude tap-cloudformation; } > $(VENV)/lock/constraints.txt
	mv $(VENV)/lock/constraints.txt .
	$(VENV)/lock/bin/python -m tap.docs.resource_types > tap/deploy/.types.json
	mv tap/deploy/.types.json tap/deploy/resource_types.json
	$(PYTHON) -m venv --clear $(VENV)/lock
	$(VENV)/lock/bin/python -m pip --quiet install checkov
	{ echo "# Written by make lock: Checkov and what it depends on, in a virtual environment of their own."; \
	  $(VENV)/lock/bin/python -m pip freeze; } > $(VENV)/lock/constraints.txt
	mv $(VENV)/lock/constraints.txt constraints-checkov.txt
	rm -r $(VENV)/lock

clean: ## remove the virtual environment, build products and caches
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -r {} +

# One stamp an extra: what is there is kept until one of these files changes. pip compiles what it installs, but not this
# project's own modules, and where PYTHONDONTWRITEBYTECODE is set every run would compile them anew.
$(VENV)/.rehearse: setup.cfg constraints.txt | $(BIN)/python
	$(PIP) install $(call PINS,constraints.txt) -e '.[rehearse]'
	$(COMPILE)
	@touch $@

$(VENV)/.dev: setup.cfg constraints.txt $(VENV)/.checkov | $(BIN)/python
	$(PIP) install $(call PINS,constraints.txt) -e '.[dev]'
	$(PIP) $(PREFLIGHT) $(call PINS,constraints.txt)
	$(COMPILE)
	@touch $(VENV)/.rehearse $@

$(VENV)/.docs: setup.cfg constraints.txt | $(BIN)/python
	$(PIP) install $(call PINS,constraints.txt) -e '.[docs]'
	@touch $@

$(VENV)/.checkov: constraints-checkov.txt | $(BIN)/python
	$(PYTHON) -m venv $(CHECKOV)
	$(CHECKOV)/bin/python -m pip --disable-pip-version-check --quiet install $(call PINS,constraints-checkov.txt) checkov
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || \
		{ echo "There is no $(PYTHON): install Python 3.11 or newer, or name it: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than Python 3.11: name a newer one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) has no venv module: install it (Debian, Ubuntu: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# `make` lists the commands. Each installs what it needs, once, into .venv.

PYTHON ?= python3
RUN = .venv/bin/python -m slides

.DEFAULT_GOAL := help
.PHONY: help present schedule demos demo deck watch serve pdf production sync check fix test clean
.SILENT:

help:  ## list these commands
	sed -n 's/^\([a-z]*\):.*  ## \(.*\)/\1:\2/p' Makefile | awk -F: '{ printf "  make %-11s %s\n", $$1, $$2 }'

# A stamp says when an extra was installed. A checkout that was moved needs another .venv, and so
# does one whose Python is gone; either makes every stamp out of date.
MOVED := $(if $(filter $(CURDIR),$(shell cat .venv/.place 2>/dev/null)),$(if $(wildcard .venv/bin/python),,FORCE),FORCE)
.venv/.installed-%: pyproject.toml constraints.txt $(MOVED)
	$(PYTHON) slides/bootstrap.py $(or $(EXTRAS),$*)
.PRECIOUS: .venv/.installed-%
FORCE:

installed = $(addprefix .venv/.installed-,$(1))
# Node.js comes from PyPI where the machine has none.
NODE := $(if $(shell command -v npm),,node)

present: $(call installed,$(if $(filter classic,$(RISE)),classic,present))  ## open the talk in the slideshow (CHAPTER= PORT= KEEP= RISE=classic)
	$(RUN) present $(CHAPTER) $(if $(PORT),--port $(PORT)) $(if $(KEEP),--keep "$(KEEP)") \
		$(if $(filter classic,$(RISE)),--classic) $(ARGS)

schedule: $(call installed,base)  ## print the chapters and their minutes
	$(RUN) schedule

demos: $(call installed,base)  ## list the programs
	.venv/bin/python -m demos

# A program says in its docstring which extra it needs.
EXTRA := $(if $(NAME),$(shell sed -n 's/^Extra: //p' demos/$(NAME).py demos/$(NAME)/__init__.py 2>/dev/null))
demo: $(call installed,$(or $(EXTRA),base))  ## run one program (NAME= PORT=)
	.venv/bin/python -m demos $(NAME) $(if $(PORT),--port $(PORT))

deck: $(call installed,deck $(NODE))  ## build the offline deck in build/deck
	$(RUN) deck $(ARGS)

watch: $(call installed,deck $(NODE))  ## build the deck on every save, and reload the open page
	$(RUN) watch $(ARGS)

# The speaker's view has a port of its own: the next one.
serve: $(call installed,room) deck  ## serve the deck and its room, which follows, asks and votes (PORT= ADDRESS=)
	$(RUN) serve $(if $(PORT),--port $(PORT)) $(if $(ADDRESS),--address $(ADDRESS)) $(ARGS)

pdf: deck  ## print the deck to build/talk.pdf
	$(RUN) pdf $(ARGS)

production: $(call installed,production room) deck  ## run the deck and the broadcasters behind nginx
	$(RUN) production $(ARGS)

sync: $(call installed,base)  ## bring shown code, pictures and style up to date
	$(RUN) sync

check: $(call installed,check)  ## run the linters and the slide rules
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	$(RUN) sync --check
	$(RUN) rules

fix: $(call installed,check)  ## mend what can be mended
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	$(RUN) sync

# Most tests wait, so three at a time take little more than a third as long; a file is never divided,
# as its tests share what they start. `make test ARGS=-n0` runs one after the other.
TOGETHER = -n 3 --dist loadfile
test: EXTRAS = present classic deck node production room waiting test
test: $(call installed,present classic deck node production room waiting test)  ## install what the tests need, then run them (ARGS=)
	.venv/bin/python slides/apt.py
	# Tests run make, too, which should not take over what was asked of this one.
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u ARGS .venv/bin/python -m pytest $(TOGETHER) $(ARGS)

clean:  ## remove all that was made (build, .venv, node_modules, caches)
	rm -rf build .venv node_modules .pytest_cache .mypy_cache .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The commands live in make.py, so that they work where there is no make as well.
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help book test lab serve lint notebooks exercises repository environment clean

help book test lab serve lint exercises environment clean:
	@$(PYTHON) make.py $@

notebooks:
	@$(PYTHON) make.py notebooks $(PATHS)

repository:
	@$(PYTHON) make.py repository $(URL)

# A gate for a project's own Makefile. It needs siamdoctor installed, and the facts about the run in siamdoctor.yaml.
#   include path/to/siamdoctor/configs/gate.mk
#   release: train gate            # or, by hand: make gate
# `make gate` fails where a cause is found (siamdoctor exits with 1) and where nothing could be judged (2 or 3).

# Looked up here and now: further down, another file may be the last in the list.
_SIAMDOCTOR_CONFIGS := $(dir $(lastword $(MAKEFILE_LIST)))
SIAMDOCTOR ?= siamdoctor
SIAMDOCTOR_FACTS ?= siamdoctor.yaml
SIAMDOCTOR_GATE ?= $(_SIAMDOCTOR_CONFIGS)ci.yaml
SIAMDOCTOR_OPTIONS ?=

.PHONY: gate
gate: ## block where the trained network is at chance, or has a fault that costs accuracy
	$(SIAMDOCTOR) diagnose --config "$(SIAMDOCTOR_FACTS)" --config "$(SIAMDOCTOR_GATE)" \
	    --output json=siamdoctor.json $(SIAMDOCTOR_OPTIONS)

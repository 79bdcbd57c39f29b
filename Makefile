# The commands of this project; `make` lists them. tests/tools/tools.mk installs the tools, tests/tools/check.mk holds
# the parts of `make check`, and tests/proof/Makefile holds the longer proofs.
.DEFAULT_GOAL := help
include tests/tools/tools.mk
include tests/tools/check.mk

# Variables of the command line.
ARCHITECTURE ?= arm64
ROLE ?= user
ID ?= 61
EVENT ?=
ARGS ?=
ADVISORY_DB ?=
STAGE ?=
URL ?=
TOKEN ?=
CONFIRM ?=
PROOF ?=

.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

# --- Run

.PHONY: run
run: tools ## Serve both functions with local DynamoDB and Secrets Manager emulators until Ctrl-C
	$(local) run

.PHONY: demo
demo: tools ## The same, non-interactively: create a key with a token, with a key and for an event, then stop
	$(local) demo

.PHONY: token
token: needs ## Print a development token [ROLE=curator ID=61]
	$(local) token --role "$(ROLE)" --id "$(ID)"

.PHONY: invoke
invoke: EVENT := $(or $(EVENT),events/jwt-201-http-api.json)
invoke: tools ## Send an event to `make run` and show what it created [EVENT=events/...json]
	$(local) invoke "$(EVENT)"

.PHONY: stack
stack: build-local $(MINISTACK)/.stamp ## Deploy template.yaml to MiniStack, an AWS emulator, and serve it until Ctrl-C
	@exec $(MINISTACK)/bin/python tests/stack/make_stack.py .aws-sam/local

.PHONY: rotate
rotate: tools ## Rotate a delivered key of `make run`, step by step
	$(local) rotate

.PHONY: events
events: needs ## Write events/*.json with credentials into .local/events, for other tools
	$(local) events

.PHONY: sam-invoke
sam-invoke: EVENT := $(or $(EVENT),events/jwt-201-http-api.json)
sam-invoke: engine $(LOCAL_TEMPLATE) ## Send an event to its function with `sam local invoke` [EVENT=events/...json]
	$(local) sam-invoke "$(EVENT)"

.PHONY: sam-api
sam-api: engine $(LOCAL_TEMPLATE) ## Serve both functions with `sam local start-api` on port 3000 until Ctrl-C
	$(local) sam-api

# --- Test

.PHONY: test
test: ## Run every test, also against the built functions in the Lambda emulator [ARGS=...]

.PHONY: check
check: $(CHECKS) ## Run all checks of CI; every commit must pass

PROOFS = $(shell awk '/^.PHONY: / { print $$2 }' tests/proof/Makefile)

.PHONY: prove
prove: export PROOF := $(PROOF)
prove: ## Run the longer proofs; PROOF=list lists them [PROOF=NAME]
	@$(if $(filter-out $(PROOFS),$(PROOF)),echo "There is no proof named $$PROOF. The proofs are:" >&2; \
	    $(MAKE) --no-print-directory --file tests/proof/Makefile list >&2; exit 2)
	$(MAKE) --file tests/proof/Makefile $(PROOF)

.PHONY: fmt
fmt: needs ## Format the code
	cargo fmt --all
	cargo fmt --manifest-path docs/clients/rust/Cargo.toml

.PHONY: docs
docs: $(REDOCLY)/.stamp ## Build the reference page of openapi.yaml into .local/docs/index.html
	$(redocly) build-docs openapi.yaml --inlineBundle --output .local/docs/index.html

.PHONY: clean
clean: ## Remove all builds; the tools and the local table in .local stay
	cargo clean
	rm -rf .aws-sam

# --- Deploy and operate

.PHONY: build
build: tools ## Build both functions for deployment into .aws-sam/build [ARCHITECTURE=arm64|x86_64]
	$(call sam_build,.aws-sam/build,$(ARCHITECTURE))

stage = $(VENV)/bin/python tests/tools/stage.py

# `sam deploy` and `sam delete` ask for a confirmation, unless CONFIRM has the stack's name.
deploy delete: export CONFIRM := $(CONFIRM)

# The stage and the credentials are checked before the build, which takes minutes.
.PHONY: deploy
deploy: export TOKEN := $(TOKEN)
deploy: tools ## Build and deploy a stage of samconfig.toml, with TOKEN check it [STAGE=dev|prod TOKEN= CONFIRM=]
	@architecture="$$($(stage) deploy "$(STAGE)")" && $(MAKE) build ARCHITECTURE="$$architecture"
	sam deploy --config-file "$(CURDIR)/.aws-sam/deploy.toml" --config-env "$(STAGE)"
	@url="$$($(stage) url "$(STAGE)")" && if [ -n "$$TOKEN" ]; then URL="$$url" python3 tests/tools/smoke.py; \
	    else echo "To check the stack: TOKEN=... make smoke URL=$$url"; fi

.PHONY: delete
delete: tools ## Delete a stage after you type its stack's name; the table stays [STAGE=dev|prod CONFIRM=]
	@$(stage) delete "$(STAGE)" >/dev/null
	sam delete --config-env "$(STAGE)" $(if $(CONFIRM),--no-prompts)

# `TOKEN=... make smoke` passes the token in the environment, so that no process list shows the token.
.PHONY: smoke
smoke: export URL := $(URL)
smoke: export TOKEN := $(TOKEN)
smoke: ## Check both endpoints of a stack, or of `make run` [URL=http://localhost:9000 TOKEN=...]
	$(call need,python3,install Python 3.10 or later)
	@python3 tests/tools/smoke.py

# $(call given,NAME,OPTION) passes a variable of make's command line on, quoted for the shell. It ignores environment
# variables: every shell sets USER, and an exported APPLY must not revoke keys.
given = $(if $(filter command,$(origin $(1))),--$(2)='$(subst ','\'',$($(1)))')

.PHONY: revoke
revoke: tools ## Show the keys to revoke, or revoke them [KEY=uuid|USER=id CHAIN=1 TABLE=name REGION=region APPLY=1]
	@$(VENV)/bin/python tests/tools/revoke.py $(call given,KEY,key) $(call given,USER,user) \
	    $(call given,CHAIN,chain) $(call given,TABLE,table) $(call given,REGION,region) $(call given,APPLY,apply)

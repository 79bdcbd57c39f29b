# Every command of this project; `make` alone lists them. All tools go into .local, which is ignored by git.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules

# What may be set on the command line.
ARCHITECTURE ?= arm64
ROLE ?= user
ID ?= 61
EVENT ?=
ARGS ?=
ADVISORY_DB ?=
STAGE ?=
URL ?=
TOKEN ?=
SEED ?= 61
EXAMPLES ?= 600
CREATIONS ?=
SAMPLES ?=
SECONDS ?= 60
TARGETS ?= event authorization token body
WORKERS ?= 2
KEEP ?=
WALKS ?=
STEPS ?=
FAST ?=
FLAT ?=

VENV := .local/venv
CHECKOV := .local/checkov
SCHEMATHESIS := .local/schemathesis
REDOCLY := .local/redocly
CLIENTS := .local/clients
DIFFERENTIAL := .local/differential
MINISTACK := .local/ministack
CARGO_DENY_VERSION := 0.20.2
CARGO_FUZZ_VERSION := 0.13.2
CARGO_MACHETE_VERSION := 0.9.2
CARGO_MUTANTS_VERSION := 27.1.0
HOST_ARCHITECTURE := $(patsubst aarch64,arm64,$(shell uname -m))

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

# $(call need,COMMAND,WHAT TO DO) stops with one line where a command is missing.
need = @command -v $(1) >/dev/null || { echo "$(1) is missing: $(2)" >&2; exit 1; }

# $(call venv,FOLDER,REQUIREMENTS) makes the folder anew, so that a half-made one is never built upon.
define venv
@echo "Fetching the tools of $(2) into $(1) (once, a minute or more)" >&2
@rm -rf $(1)
@python3 -m venv $(1) || { echo "python3 cannot make a virtual environment: install its venv package (python3-venv)" >&2; exit 1; }
@$(1)/bin/python -m pip install --disable-pip-version-check --requirement $(2) >&2
@touch $(1)/.stamp
endef

# $(call packages,FOLDER,MANIFEST) does the same for npm packages, whose scripts never run.
define packages
$(call need,npm,install Node.js 20.19 or later)
@echo "Fetching the packages of $(2) into $(1) (once, some seconds)"
@rm -rf $(1) && mkdir -p $(1) && cp $(2)/package.json $(2)/package-lock.json $(1)
@npm ci --prefix $(1) --ignore-scripts --no-audit --no-fund --no-update-notifier
@touch $(1)/.stamp
endef

# $(call sam_build,FOLDER,ARCHITECTURE). sam shows nothing while it compiles, so cargo-lambda runs first, with the very
# flags that sam gives it; sam then finds the work done.
define sam_build
cargo lambda build --release $(if $(filter arm64,$(2)),--arm64) --bin jwt --bin key
sam build --build-dir $(1) --parameter-overrides Architecture=$(2)
endef

# The build shows its progress and `cargo run` then adds no line of its own.
local = @cargo build --package tests --bin local && cargo run --quiet --package tests --bin local --

.PHONY: help
help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: needs
needs:
	$(call need,cargo,install Rust with rustup)
	$(call need,cc,install a C compiler (gcc or clang))
	$(call need,python3,install Python 3.10 or later)
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "python3 is too old: install Python 3.10 or later" >&2; exit 1; }

.PHONY: tools
tools: $(VENV)/.stamp ## Fetch the pinned tools into .local/venv

$(VENV)/.stamp: tests/tools/requirements.txt | needs
	$(call venv,$(VENV),$<)

$(CHECKOV)/.stamp: tests/tools/requirements-checkov.txt | needs
	$(call venv,$(CHECKOV),$<)

$(SCHEMATHESIS)/.stamp: tests/tools/requirements-schemathesis.txt | needs
	$(call venv,$(SCHEMATHESIS),$<)

$(REDOCLY)/.stamp: tests/tools/redocly/package-lock.json
	$(call packages,$(REDOCLY),tests/tools/redocly)

$(CLIENTS)/node/.stamp: tests/tools/clients/package-lock.json
	$(call packages,$(CLIENTS)/node,tests/tools/clients)

$(DIFFERENTIAL)/node/.stamp: tests/proof/differential/package-lock.json
	$(call packages,$(DIFFERENTIAL)/node,tests/proof/differential)

$(CLIENTS)/python/.stamp: tests/tools/clients/requirements.txt | needs
	$(call venv,$(CLIENTS)/python,$<)

$(MINISTACK)/.stamp: tests/stack/requirements.txt | needs
	$(call venv,$(MINISTACK),$<)

# $(call cargo_tool,NAME,VERSION) is where a tool leaves its mark.
cargo_tool = .local/$(1)-$(2).stamp
DENY := $(call cargo_tool,cargo-deny,$(CARGO_DENY_VERSION))
FUZZ := $(call cargo_tool,cargo-fuzz,$(CARGO_FUZZ_VERSION))
MACHETE := $(call cargo_tool,cargo-machete,$(CARGO_MACHETE_VERSION))
MUTANTS := $(call cargo_tool,cargo-mutants,$(CARGO_MUTANTS_VERSION))

$(DENY): VERSION := $(CARGO_DENY_VERSION)
$(FUZZ): VERSION := $(CARGO_FUZZ_VERSION)
$(MACHETE): VERSION := $(CARGO_MACHETE_VERSION)
$(MUTANTS): VERSION := $(CARGO_MUTANTS_VERSION)
$(DENY) $(FUZZ) $(MACHETE) $(MUTANTS): .local/%.stamp: | needs
	@echo "Building $(*:-$(VERSION)=) into .local/bin (once, some minutes)"
	cargo install --locked --root .local --version $(VERSION) $(*:-$(VERSION)=)
	@touch $@

# --- Build

.PHONY: build
build: tools ## Build both functions for deployment into .aws-sam/build [ARCHITECTURE=arm64|x86_64]
	$(call sam_build,.aws-sam/build,$(ARCHITECTURE))

# Another folder than the deployment's, so that `sam deploy` can't pick up a binary for this machine.
.PHONY: build-local
build-local: tools ## Build both functions for this machine into .aws-sam/local, as the tests run them
	$(call sam_build,.aws-sam/local,$(HOST_ARCHITECTURE))

# --- Run

.PHONY: run
run: tools ## Serve both functions, a DynamoDB and a Secrets Manager on this machine until Ctrl-C
	$(local) run

.PHONY: demo
demo: tools ## Start all that, create a key with a token, one with that key and one for an event, and stop
	$(local) demo

.PHONY: token
token: needs ## Print a development token [ROLE=curator ID=61]
	$(local) token --role "$(ROLE)" --id "$(ID)"

.PHONY: events
events: needs ## Fill in the credentials of events/*.json, into .local/events
	$(local) events

.PHONY: invoke-jwt
invoke-jwt: EVENT := $(or $(EVENT),events/jwt-201-http-api.json)
invoke-jwt: tools ## Send an event to the jwt function of `make run` [EVENT=events/...json]
	$(local) invoke jwt "$(EVENT)"

.PHONY: invoke-key
invoke-key: EVENT := $(or $(EVENT),events/key-201-http-api.json)
invoke-key: tools ## Send an event to the key function of `make run` [EVENT=events/...json]
	$(local) invoke key "$(EVENT)"

# Every file that is there for a source can be sent, whichever function it is for.
sources := eventbridge sns sqs direct

.PHONY: $(addprefix invoke-,$(sources))
invoke-eventbridge: ## Send an EventBridge event to `make run` and show what it delivers [EVENT=events/...json]
invoke-sns: ## The same with an SNS notification
invoke-sqs: ## The same with an SQS message
invoke-direct: ## The same with a direct invocation
$(addprefix invoke-,$(sources)): invoke-%: tools
	$(local) invoke "$(or $(EVENT),events/key-$*-created.json)"

.PHONY: rotate
rotate: tools ## Rotate a delivered key of `make run`, step by step
	$(local) rotate

.PHONY: stack
stack: build-local $(MINISTACK)/.stamp ## Deploy template.yaml onto MiniStack, an emulator of AWS, and serve it until Ctrl-C
	@exec $(MINISTACK)/bin/python tests/stack/make_stack.py .aws-sam/local

# --- Deploy

stage = $(VENV)/bin/python tests/tools/stage.py

# The stage is looked at first: a build takes minutes.
.PHONY: deploy
deploy: tools ## Build a stage of samconfig.toml and deploy it [STAGE=dev|prod]
	@architecture="$$($(stage) deploy "$(STAGE)")" && $(MAKE) build ARCHITECTURE="$$architecture"
	sam deploy --config-env "$(STAGE)"

.PHONY: delete
delete: tools ## Delete a stage after its name was typed again; its table stays [STAGE=dev|prod]
	@$(stage) delete "$(STAGE)" >/dev/null
	sam delete --config-env "$(STAGE)"

# The token goes on by the environment. Set there from the beginning (`TOKEN=... make smoke`), no list of processes has it.
.PHONY: smoke
smoke: export URL := $(URL)
smoke: export TOKEN := $(TOKEN)
smoke: ## Check both endpoints of a stack, or of `make run` [URL=http://localhost:9000 TOKEN=...]
	$(call need,python3,install Python 3.10 or later)
	@python3 tests/tools/smoke.py

.PHONY: smoke-local
smoke-local: tools ## The same against a stack of its own, which is started and stopped
	$(local) with bash -c 'URL="$$APIKEYS_URL" TOKEN="$$APIKEYS_TOKEN" $(MAKE) --no-print-directory smoke'

# --- Operate

# $(call given,NAME,OPTION) hands a variable of make's own command line on, quoted for the shell. None of the environment
# counts: every shell has a USER, and a forgotten APPLY must delete nothing.
given = $(if $(filter command,$(origin $(1))),--$(2)='$(subst ','\'',$($(1)))')

.PHONY: revoke
revoke: tools ## Show the keys to revoke, or delete them [KEY=uuid|USER=id DESCENDANTS=1|keys TABLE=name REGION=region APPLY=1]
	@$(VENV)/bin/python tests/tools/revoke.py $(call given,KEY,key) $(call given,USER,user) \
	    $(call given,DESCENDANTS,descendants) $(call given,TABLE,table) $(call given,REGION,region) $(call given,APPLY,apply)

# --- Check

emulator = $$(echo "$$PWD"/$(VENV)/lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-$(HOST_ARCHITECTURE))

.PHONY: test
test: export APIKEYS_ARTIFACTS := $(CURDIR)/.aws-sam/local
test: export APIKEYS_PYTHON := $(CURDIR)/$(VENV)/bin/python
test: build-local ## Run every test, also against the built functions in the Lambda emulator [ARGS=...]
	APIKEYS_EMULATOR="$(emulator)" cargo test --locked --workspace $(ARGS)

redocly = REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true $(REDOCLY)/node_modules/.bin/redocly

.PHONY: openapi
openapi: $(REDOCLY)/.stamp ## Lint openapi.yaml
	$(redocly) lint --extends recommended-strict openapi.yaml

.PHONY: docs
docs: $(REDOCLY)/.stamp ## Build the reference page of openapi.yaml, .local/docs/index.html
	$(redocly) build-docs openapi.yaml --inlineBundle --output .local/docs/index.html

# A seed gives the same requests each time; another one looks elsewhere.
.PHONY: contract-fuzz
contract-fuzz: export SEED := $(SEED)
contract-fuzz: export EXAMPLES := $(EXAMPLES)
contract-fuzz: tools $(SCHEMATHESIS)/.stamp ## Hold both endpoints of a stack of its own to openapi.yaml [SEED=61 EXAMPLES=600]
	$(local) with tests/tools/fuzz.sh

.PHONY: test-clients
test-clients: tools $(CLIENTS)/node/.stamp $(CLIENTS)/python/.stamp ## Run the snippets of docs/clients.md against a stack of its own
	$(call need,curl,install curl 7.71 or later)
	$(local) with python3 tests/tools/clients/run.py

.PHONY: test-stack
test-stack: export APIKEYS_ARTIFACTS := $(CURDIR)/.aws-sam/local
test-stack: export PYTHONDONTWRITEBYTECODE := 1
test-stack: build-local $(MINISTACK)/.stamp ## Deploy template.yaml onto MiniStack and test that stack by AWS's clients [ARGS=...]
	$(MINISTACK)/bin/python -m pytest --config-file tests/stack/pytest.ini $(ARGS) tests/stack

.PHONY: check
check: fmt-check openapi template lint deny machete proof-check doc test bench-guard smoke-local contract-fuzz test-clients differential test-stack ## Run every check, as CI does

# --- Measure

BENCH_PYTHON := .local/bench-python

$(BENCH_PYTHON)/.stamp: tests/bench/python/requirements.txt | needs
	$(call venv,$(BENCH_PYTHON),$<)

# Whoever is measured against the functions is built and fetched here, and is no part of anything else. The driver has a
# profile of its own: it must be quick, and neither small nor linked for minutes.
.PHONY: bench
bench: export DRIVER := $(CURDIR)/target/driver/drive
bench: export APIKEYS_PYTHON := $(CURDIR)/$(VENV)/bin/python
bench: build-local $(BENCH_PYTHON)/.stamp ## Measure both functions against AWS's example and Python, into docs/performance.md [FAST=1 FLAT=100000]
	cargo build --locked --profile driver --package tests --bin drive
	cargo build --locked --release --manifest-path tests/bench/baseline/Cargo.toml --target-dir .local/bench/baseline
	FAST="$(FAST)" FLAT="$(FLAT)" python3 tests/bench/bench.py

guard = cargo build --locked --package tests --bin drive && DRIVER=$(CURDIR)/target/debug/drive python3 tests/bench/guard.py

.PHONY: bench-guard
bench-guard: build-local ## Hold the instructions of a start and a request to the committed ones
	$(guard)

.PHONY: bench-update
bench-update: build-local ## Write the instructions of today down; the commit says why
	$(guard) --update

.PHONY: bench-builds
bench-builds: tools ## Build both functions with other settings, into tests/bench/builds.tsv
	cargo build --locked --package tests --bin drive
	DRIVER=$(CURDIR)/target/debug/drive python3 tests/bench/builds.py

# --- Prove

# With KEEP=1 what was found goes into tests/proof/figures, and `make proof` writes the documents from there.
figures = $(if $(KEEP),$(CURDIR)/tests/proof/figures)

.PHONY: model
model: export APIKEYS_FIGURES = $(figures)
model: export MODEL_WALKS := $(WALKS)
model: export MODEL_STEPS := $(STEPS)
model: export MODEL_SEED := $(SEED)
model: needs ## Random sequences of requests, against the functions and a model of the contract [WALKS=16 STEPS=60 SEED=61]
	@# The functions log each failure, also one that was wanted: only what is not a log line is shown.
	cargo test --locked --workspace --test contract model:: -- --nocapture | grep --line-buffered -v '^{"timestamp"'

.PHONY: faults
faults: export APIKEYS_FIGURES = $(figures)
faults: ## The tests of faults on built programs, with a process that is frozen for 30 s
	APIKEYS_FREEZE_SECONDS=30 $(MAKE) test ARGS="--test emulated faults::"

.PHONY: load
load: export APIKEYS_ARTIFACTS := $(CURDIR)/.aws-sam/local
load: export APIKEYS_FIGURES = $(figures)
load: build-local ## 16 programs of each function over a DynamoDB that fails one call in a hundred [CREATIONS=100000 SEED=61]
	cargo build --locked --profile driver --package tests --bin load
	CREATIONS="$(CREATIONS)" SEED="$(SEED)" target/driver/load

# libFuzzer by the pinned compiler: sanitizers alone would need another, and no code of ours is unsafe.
.PHONY: fuzz
fuzz: export APIKEYS_FIGURES = $(figures)
fuzz: export APIKEYS_SEEDS := $(CURDIR)/.local/fuzz/corpus
fuzz: export SECONDS_EACH := $(SECONDS)
fuzz: export TARGETS := $(TARGETS)
fuzz: $(FUZZ) ## Fuzz the event, Authorization, the token and the body, each for a minute [SECONDS=60 TARGETS="event token"]
	cargo test --locked --workspace --test contract hostile::every_seed -- --ignored
	PATH="$(CURDIR)/.local/bin:$$PATH" python3 tests/proof/fuzz.py

.PHONY: timing
timing: export APIKEYS_FIGURES = $(figures)
timing: export SAMPLES := $(SAMPLES)
timing: needs ## How long a refusal takes, by what was wrong: fails where it can be told; ten minutes [SAMPLES=100000]
	cargo bench --locked --profile driver --package tests --bench timing > /dev/null

.PHONY: mutants
mutants: export APIKEYS_FIGURES = $(figures)
mutants: export APIKEYS_PYTHON := $(CURDIR)/$(VENV)/bin/python
mutants: export WORKERS := $(WORKERS)
mutants: tools $(MUTANTS) ## Break the functions in a thousand ways, and list what no test sees; hours [WORKERS=2]
	APIKEYS_EMULATOR="$(emulator)" PATH="$(CURDIR)/.local/bin:$$PATH" python3 tests/proof/mutants.py

# Node.js looks for packages from where a module lies, so the modules go where the packages are.
.PHONY: differential
differential: export APIKEYS_DIFFERENTIAL := $(CURDIR)/$(DIFFERENTIAL)/tokens.json
differential: needs $(DIFFERENTIAL)/node/.stamp ## Show the same tokens to FreeSewing's own check and to ours, and hold docs/security.md to what differs
	@rm -f $(DIFFERENTIAL)/*.txt $(DIFFERENTIAL)/node/*.mjs && cp tests/proof/differential/*.mjs $(DIFFERENTIAL)/node
	node $(DIFFERENTIAL)/node/run.mjs $(DIFFERENTIAL)/tokens.json
	cargo test --locked --workspace --test contract differential:: -- --ignored
	@cat $(DIFFERENTIAL)/classes.txt

.PHONY: proof
proof: needs ## Write the tables of SECURITY.md and docs/proof.md from tests/proof
	python3 tests/proof/promises.py

.PHONY: proof-check
proof-check: needs
	python3 tests/proof/promises.py --check

# --- Format and lint

.PHONY: fmt
fmt: needs ## Format the code
	cargo fmt --all

.PHONY: fmt-check
fmt-check: needs
	cargo fmt --all --check

.PHONY: lint
lint: needs ## Run clippy
	cargo clippy --locked --workspace --all-targets -- -D warnings

.PHONY: doc
doc: needs ## Build the documentation
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps

checkov = $(CHECKOV)/bin/checkov --file $(1) --framework cloudformation --quiet --compact --skip-download

# checkov leaves out what a parameter's default switches off, so it also gets a copy with everything switched on.
switched_on = $(VENV)/bin/python tests/tools/switched_on.py $(1) > .local/template-$(1).yaml

.PHONY: template
template: tools $(CHECKOV)/.stamp ## Lint template.yaml and docs/step-functions.yaml
	sam validate
	sam validate --lint
	$(VENV)/bin/python tests/tools/check_template.py
	cfn-lint --include-checks I -- template.yaml
	cfn-lint --include-checks I --append-rules cfn_lint_serverless.rules -- template.yaml
	$(call checkov,template.yaml)
	$(call switched_on,jwt)
	$(call checkov,.local/template-jwt.yaml)
	$(call switched_on,key)
	$(call checkov,.local/template-key.yaml)
	cfn-lint --include-checks I -- docs/step-functions.yaml
	$(call checkov,docs/step-functions.yaml)

# cargo-deny names the database's folder after its address. With ADVISORY_DB, a folder of that name that holds a link to
# the snapshot stands in for a fetched one, and counts as fetched now: how old it may be is up to who names it.
ADVISORY_SNAPSHOT := .local/advisory-snapshot/advisory-db-3157b0e258782691

.PHONY: deny
deny: $(DENY) ## Check licences, sources, bans and advisories [ADVISORY_DB=folder]
ifeq ($(ADVISORY_DB),)
	.local/bin/cargo-deny --locked --workspace check
else
	@test -d "$(ADVISORY_DB)/crates" || { echo "ADVISORY_DB is no copy of the RustSec database: $(ADVISORY_DB)" >&2; exit 1; }
	@mkdir -p $(ADVISORY_SNAPSHOT)/.git && touch $(ADVISORY_SNAPSHOT)/.git/FETCH_HEAD
	@ln -sfn "$$(cd "$(ADVISORY_DB)" && pwd)/crates" $(ADVISORY_SNAPSHOT)/crates
	cargo fetch --locked
	ADVISORY_DBS=$(dir $(ADVISORY_SNAPSHOT)) .local/bin/cargo-deny --frozen --workspace check
endif

.PHONY: machete
machete: $(MACHETE) ## Find dependencies that nothing uses
	.local/bin/cargo-machete --with-metadata shared functions tests

.PHONY: clean
clean: ## Remove what was built; the tools and the local table in .local stay
	cargo clean
	rm -rf .aws-sam

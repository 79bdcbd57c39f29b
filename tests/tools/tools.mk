# Installs every tool into .local, which git ignores. All Makefiles include this file. Paths are relative to the root.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-builtin-rules

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
PYTHON := $(CURDIR)/$(VENV)/bin/python

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

# $(call need,COMMAND,WHAT TO DO) stops with one line if a command is missing.
need = @command -v $(1) >/dev/null || { echo "$(1) is missing: $(2)" >&2; exit 1; }

# $(call venv,FOLDER,REQUIREMENTS) recreates the folder, so that an incomplete folder is never used.
define venv
@echo "Fetching the tools of $(2) into $(1) (once, a minute or more)" >&2
@rm -rf $(1)
@python3 -m venv $(1) || { echo "python3 cannot make a virtual environment: install its venv package (python3-venv)" >&2; exit 1; }
@$(1)/bin/python -m pip install --disable-pip-version-check --requirement $(2) >&2
@touch $(1)/.stamp
endef

# $(call packages,FOLDER,MANIFEST) does the same for npm packages, without their install scripts.
define packages
$(call need,npm,install Node.js 20.19 or later)
@echo "Fetching the packages of $(2) into $(1) (once, some seconds)"
@rm -rf $(1) && mkdir -p $(1) && cp $(2)/package.json $(2)/package-lock.json $(1)
@npm ci --prefix $(1) --ignore-scripts --no-audit --no-fund --no-update-notifier
@touch $(1)/.stamp
endef

# $(call sam_build,FOLDER,ARCHITECTURE) first runs cargo-lambda with sam's flags, since sam shows no progress of the
# compilation.
define sam_build
cargo lambda build --release $(if $(filter arm64,$(2)),--arm64) --bin jwt --bin key
sam build --build-dir $(1) --parameter-overrides Architecture=$(2)
endef

# The program behind `make run`. The separate build shows the progress, and `cargo run --quiet` prints nothing.
local = @cargo build --package tests --bin local && cargo run --quiet --package tests --bin local --

.PHONY: needs
needs:
	$(call need,cargo,install Rust with rustup)
	$(call need,cc,install a C compiler (gcc or clang))
	$(call need,python3,install Python 3.10 or later)
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "python3 is too old: install Python 3.10 or later" >&2; exit 1; }

# Checked before the build, which takes minutes.
.PHONY: engine
engine:
	$(call need,docker,install Docker Engine or Docker Desktop)
	@docker version >/dev/null 2>&1 || { echo "no Docker engine is reachable: start Docker, or set DOCKER_HOST" >&2; exit 1; }

.PHONY: tools
tools: $(VENV)/.stamp

$(VENV)/.stamp: tests/tools/requirements.txt | needs
	$(call venv,$(VENV),$<)

$(CHECKOV)/.stamp: tests/tools/requirements-checkov.txt | needs
	$(call venv,$(CHECKOV),$<)

$(SCHEMATHESIS)/.stamp: tests/tools/requirements-schemathesis.txt | needs
	$(call venv,$(SCHEMATHESIS),$<)

$(CLIENTS)/python/.stamp: tests/tools/clients/requirements.txt | needs
	$(call venv,$(CLIENTS)/python,$<)

$(MINISTACK)/.stamp: tests/stack/requirements.txt | needs
	$(call venv,$(MINISTACK),$<)

$(REDOCLY)/.stamp: tests/tools/redocly/package-lock.json
	$(call packages,$(REDOCLY),tests/tools/redocly)

$(CLIENTS)/node/.stamp: tests/tools/clients/package-lock.json
	$(call packages,$(CLIENTS)/node,tests/tools/clients)

$(DIFFERENTIAL)/node/.stamp: tests/proof/differential/package-lock.json
	$(call packages,$(DIFFERENTIAL)/node,tests/proof/differential)

# $(call cargo_tool,NAME,VERSION) is the file that marks an installed tool.
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

# A separate folder, so that `sam deploy` never deploys a program for this machine.
.PHONY: build-local
build-local: tools
	$(call sam_build,.aws-sam/local,$(HOST_ARCHITECTURE))

# `sam local` needs a build only after a change; `sam build` takes ten seconds even without changes.
LOCAL_TEMPLATE := .aws-sam/local/template.yaml
$(LOCAL_TEMPLATE): template.yaml Cargo.lock Cargo.toml rust-toolchain.toml $(shell find shared functions -type f) | tools
	$(call sam_build,$(@D),$(HOST_ARCHITECTURE))

emulator = $$(echo "$$PWD"/$(VENV)/lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-$(HOST_ARCHITECTURE))

# `make test` and `make prove` run the same tests.
.PHONY: test
test: export APIKEYS_ARTIFACTS := $(CURDIR)/.aws-sam/local
test: export APIKEYS_PYTHON := $(PYTHON)
test: build-local
	APIKEYS_EMULATOR="$(emulator)" cargo test --locked --workspace $(ARGS)

# The parts of `make check` in order: the fastest parts run first.
CHECKS := fmt-check openapi template lint deny machete proof-check doc test bench-guard test-clients test-stack test-sam

.PHONY: $(CHECKS)

fmt-check: needs
	cargo fmt --all --check
	cargo fmt --manifest-path docs/clients/rust/Cargo.toml --check

redocly = REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true $(REDOCLY)/node_modules/.bin/redocly

openapi: $(REDOCLY)/.stamp
	$(redocly) lint --extends recommended-strict openapi.yaml

checkov = $(CHECKOV)/bin/checkov --file $(1) --framework cloudformation --quiet --compact --skip-download

# checkov knows no merge keys of YAML, and skips resources that a parameter's default disables. So it checks copies
# without anchors, two of them with everything enabled.
switched_on = $(VENV)/bin/python tests/tools/switched_on.py $(1) > .local/template-$(1).yaml

template: tools $(CHECKOV)/.stamp
	sam validate
	sam validate --lint
	$(VENV)/bin/python tests/tools/check_template.py
	$(VENV)/bin/python tests/tools/check_deployer.py
	cfn-lint --include-checks I -- template.yaml
	cfn-lint --include-checks I --append-rules cfn_lint_serverless.rules -- template.yaml
	$(call switched_on,off)
	$(call checkov,.local/template-off.yaml)
	$(call switched_on,jwt)
	$(call checkov,.local/template-jwt.yaml)
	$(call switched_on,key)
	$(call checkov,.local/template-key.yaml)
	cfn-lint --include-checks I -- docs/step-functions.yaml docs/protected-api.yaml
	$(call checkov,docs/step-functions.yaml)
	$(call checkov,docs/protected-api.yaml)

lint: needs
	cargo clippy --locked --workspace --all-targets -- -D warnings

# cargo-deny derives the folder of the database from its URL. With ADVISORY_DB, a folder of that name links to the copy
# and counts as just fetched, however old the copy is.
ADVISORY_SNAPSHOT := .local/advisory-snapshot/advisory-db-3157b0e258782691

deny: $(DENY)
ifeq ($(ADVISORY_DB),)
	.local/bin/cargo-deny --locked --workspace check
else
	@test -d "$(ADVISORY_DB)/crates" || { echo "ADVISORY_DB is no copy of the RustSec database: $(ADVISORY_DB)" >&2; exit 1; }
	@mkdir -p $(ADVISORY_SNAPSHOT)/.git && touch $(ADVISORY_SNAPSHOT)/.git/FETCH_HEAD
	@ln -sfn "$$(cd "$(ADVISORY_DB)" && pwd)/crates" $(ADVISORY_SNAPSHOT)/crates
	cargo fetch --locked
	ADVISORY_DBS=$(dir $(ADVISORY_SNAPSHOT)) .local/bin/cargo-deny --frozen --workspace check
endif

machete: $(MACHETE)
	.local/bin/cargo-machete --with-metadata shared functions tests

proof-check: needs
	python3 tests/tools/check_links.py
	python3 tests/proof/promises.py --check

doc: needs
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps

bench-guard: build-local
	cargo build --locked --package tests --bin drive
	DRIVER=$(CURDIR)/target/debug/drive python3 tests/bench/guard.py

test-clients: tools $(CLIENTS)/node/.stamp $(CLIENTS)/python/.stamp
	$(call need,curl,install curl 7.71 or later)
	$(local) with python3 tests/tools/clients/run.py

test-stack: export APIKEYS_ARTIFACTS := $(CURDIR)/.aws-sam/local
test-stack: export PYTHONDONTWRITEBYTECODE := 1
test-stack: build-local $(MINISTACK)/.stamp
	$(MINISTACK)/bin/python -m pytest --config-file tests/stack/pytest.ini $(ARGS) tests/stack

# Without a Docker engine, `make test-sam` fails, and `make check` skips it.
test-sam: export OPTIONAL := $(filter check,$(MAKECMDGOALS))
test-sam:
	tests/tools/docker-engine.sh $(MAKE) --no-print-directory test-sam-local

.PHONY: test-sam-local
test-sam-local: export APIKEYS_PYTHON := $(PYTHON)
test-sam-local: $(LOCAL_TEMPLATE)
	cargo test --locked --package tests --test sam -- --test-threads 1

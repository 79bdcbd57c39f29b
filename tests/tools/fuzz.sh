#!/usr/bin/env bash
# Runs schemathesis with all checks against both endpoints of the stack of `local with`: first with credentials, then
# without. SEED selects the requests, EXAMPLES is their number for each endpoint.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export SCHEMATHESIS_HOOKS=$root/tests/tools/schemathesis_hooks.py
st=$root/.local/schemathesis/bin/st
# schemathesis leaves folders in the working directory.
mkdir -p "$root/.local/fuzz"
cd "$root/.local/fuzz"

# The output is not sanitized, so that failures can be reproduced; the credentials are only valid for this stack.
options=(
    run "$root/openapi.yaml" --url "$APIKEYS_URL" --checks all --continue-on-failure --seed "$SEED" --request-timeout 10
    --generation-database none --generation-unique-inputs --output-sanitize false --no-color
)

"$st" --config-file "$root/tests/tools/schemathesis.toml" "${options[@]}" --max-examples "$EXAMPLES"
# Without credentials the body is not checked, so a third of the requests is enough, and warnings are off.
"$st" "${options[@]}" --max-examples "$((EXAMPLES / 3))" --warnings off

#!/usr/bin/env bash
# Schemathesis against both endpoints of the stack that `local with` names: first with a credential for each, then
# without. Every check is on. SEED chooses the requests, EXAMPLES how many there are for each endpoint.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export SCHEMATHESIS_HOOKS=$root/tests/tools/schemathesis_hooks.py
st=$root/.local/schemathesis/bin/st
# It leaves folders where it is called.
mkdir -p "$root/.local/fuzz"
cd "$root/.local/fuzz"

# What a failure shows must be enough to repeat it, and the credentials end with the stack: nothing is masked.
options=(
    run "$root/openapi.yaml" --url "$APIKEYS_URL" --checks all --continue-on-failure --seed "$SEED" --request-timeout 10
    --generation-database none --generation-unique-inputs --output-sanitize false --no-color
)

"$st" --config-file "$root/tests/tools/schemathesis.toml" "${options[@]}" --max-examples "$EXAMPLES"
# Without a credential nothing of the body is looked at, so a third of the requests does; the warning about it is off.
"$st" "${options[@]}" --max-examples "$((EXAMPLES / 3))" --warnings off

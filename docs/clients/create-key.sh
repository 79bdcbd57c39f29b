#!/usr/bin/env bash
# Creates an API key with a token, and one with a key. It needs curl 7.71 and the environment variables API, TOKEN, KEY
# and SECRET. It exits with 1 for a refusal, whose code it shows.

create() { # PATH, then what curl shall authenticate with
  answer=$(mktemp)
  # On macOS: $(uuidgen)
  status=$(curl --silent --show-error --max-time 10 --retry 3 --retry-all-errors \
    --output "$answer" --write-out '%{http_code}' \
    "$API$1" "${@:2}" -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" \
    -H 'Content-Type: application/json' -d '{"name":"My first API key","level":3,"expiresIn":3600}')
  cat "$answer" && rm "$answer"
  [ "$status" = 201 ]
}

create /apikeys/jwt -H "Authorization: Bearer $TOKEN" &&
  create /apikeys/key -u "$KEY:$SECRET"

#!/usr/bin/env bash
# Lists, reads and revokes API keys. It needs curl 7.71 and the environment variables API, TOKEN, KEY, SECRET and ID. Each
# request can be repeated, so it needs no Idempotency-Key.

call() { # PATH, then options for curl
  answer=$(mktemp)
  status=$(curl --silent --show-error --max-time 10 --retry 3 --retry-all-errors \
    --output "$answer" --write-out '%{http_code}' "$API$1" "${@:2}")
  cat "$answer" && rm "$answer"
  [ "${status:0:1}" = 2 ]
}
token="Authorization: Bearer $TOKEN"

call /whoami/key -u "$KEY:$SECRET" &&             # the calling key
  call '/apikeys/jwt?limit=100' -H "$token" &&    # the user's keys; a cursor in the answer leads to the next page
  call "/apikeys/$ID/jwt" -H "$token" &&          # one key
  call "/apikeys/$ID/jwt" -H "$token" -X DELETE   # its end; with ?chain=true that of its whole chain

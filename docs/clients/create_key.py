"""Creates an API key with a token, and one with a key.

It needs requests and the environment variables API, TOKEN, KEY and SECRET.
"""

import os
import uuid

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

API = os.environ["API"]

# A retry repeats the headers, so also the Idempotency-Key.
session = requests.Session()
busy = [429, 500, 502, 503, 504]
again = Retry(3, allowed_methods=["POST"], status_forcelist=busy, backoff_factor=0.2, raise_on_status=False)
session.mount(API, HTTPAdapter(max_retries=again))


def create_apikey(path, request, auth):
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    answer = session.post(API + path, json=request, headers=headers, auth=auth, timeout=10)
    if answer.status_code != 201:
        raise SystemExit(answer.json().get("error", answer.text))
    return answer.json()["apikey"]


# Not a header of the request: requests would replace it with the credentials of a .netrc file.
def bearer(request):
    request.headers["Authorization"] = f"Bearer {os.environ['TOKEN']}"
    return request


with_token = create_apikey("/apikeys/jwt", {"name": "My first API key", "level": 3, "expiresIn": 3600}, bearer)
with_key = create_apikey(
    "/apikeys/key",
    {"name": "My second API key", "level": 3, "expiresIn": 3600},
    (os.environ["KEY"], os.environ["SECRET"]),
)
print(with_token["key"], with_key["key"])

"""Sends requests to local servers, without the environment's proxy settings."""

import json
import urllib.error
import urllib.request

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Answer:
    """A response."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


def call(method: str, url: str, body=None, headers=()) -> Answer:
    """Sends a request; `body` is JSON or bytes."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Content-Type": "application/json", **dict(headers)}
    try:
        with direct.open(urllib.request.Request(url, data, given, method=method), timeout=60) as response:
            return Answer(response)
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error)

"""A pytest plugin that puts our servers in the place of FastAPI's applications.

Its tests then run as they are: what they ask an application comes to us over HTTP.
"""

import http.client
import importlib
import json
import os
import pkgutil
import urllib.parse

outcomes = {}


def forward_to(port):
    """Makes an ASGI application of a server on a port."""

    async def application(scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        target = urllib.parse.quote(scope["path"], safe="/%")
        if scope["query_string"]:
            target += "?" + scope["query_string"].decode("ascii")
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        connection.request(scope["method"], target, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        fields = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.getheaders()]
        await send({"type": "http.response.start", "status": answer.status, "headers": fields})
        await send({"type": "http.response.body", "body": content})
        connection.close()

    return application


def pytest_configure():
    """Replaces the application of every variant of a tutorial, and leaves its functions."""
    package = importlib.import_module("docs_src.security")
    variants = [module.name for module in pkgutil.iter_modules(package.__path__)]
    for tutorial, port in json.loads(os.environ["PARITY_SERVERS"]).items():
        for variant in variants:
            if variant.startswith(tutorial):
                module = importlib.import_module(f"docs_src.security.{variant}")
                module.app = forward_to(port)


def pytest_runtest_logreport(report):
    """Remembers the worst outcome of a test, whatever the variant."""
    file, test = report.nodeid.split("::", 1)
    name = f"{os.path.basename(file)[5:-3]} {test.split('[')[0]}"
    if report.when == "call" or report.outcome == "failed":
        outcomes[name] = outcomes.get(name, True) and report.outcome == "passed"


def pytest_sessionfinish():
    """Tells the outcomes."""
    with open(os.environ["PARITY_OUTCOMES"], "w") as file:
        json.dump(outcomes, file)

"""A client of the application in FastAPI's security tutorial. Usage: client.py URL USERNAME PASSWORD"""

import json
import sys
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

url, username, password = sys.argv[1:]


def call(path, form=None, token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = urlencode(form).encode() if form else None
    try:
        with urlopen(Request(url + path, data, headers)) as response:
            return response.status, json.load(response)
    except HTTPError as error:
        return error.code, json.load(error)


status, body = call("/users/me/")
print(status, body["detail"])

status, body = call("/token", {"username": username, "password": password})
if status != 200:
    sys.exit(f"{status} {body['detail']}")
print(status, body["token_type"])
token = body["access_token"]

for path in ["/users/me/", "/users/me/items/"]:
    status, body = call(path, token=token)
    print(status, json.dumps(body))

status, body = call("/users/me/", token=token + "x")
print(status, body["detail"])

"""A web application with Authlib: discovery, code and PKCE, an ID token that is verified, userinfo, refresh.

Prints the URL that the user has to open; reads the URL that the user came back to; prints what it knows then.
"""

import json
import sys

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

issuer, client_id, client_secret, redirect_uri = sys.argv[1:]

metadata = requests.get(f"{issuer}/.well-known/openid-configuration").json()
assert metadata["issuer"] == issuer
session = OAuth2Session(
    client_id,
    client_secret,
    scope="openid profile email offline_access",
    redirect_uri=redirect_uri,
    code_challenge_method="S256",
)
nonce = "of-the-python-client"
verifier = "a-verifier-of-the-python-client-that-is-long-enough"
url, state = session.create_authorization_url(
    metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
)
print(url, flush=True)
came_back = sys.stdin.readline().strip()

token = session.fetch_token(
    metadata["token_endpoint"],
    authorization_response=came_back,
    state=state,
    code_verifier=verifier,
)
keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"]).json())
algorithms = metadata["id_token_signing_alg_values_supported"]
decoded = jwt.decode(token["id_token"], keys, algorithms=algorithms)
claims = CodeIDToken(
    decoded.claims,
    decoded.header,
    options={
        "iss": {"essential": True, "value": issuer},
        "aud": {"essential": True, "value": client_id},
    },
    params={"nonce": nonce, "client_id": client_id, "access_token": token["access_token"]},
)
claims.validate()
about = session.get(metadata["userinfo_endpoint"]).json()
assert about["sub"] == claims["sub"]
refreshed = session.refresh_token(metadata["token_endpoint"], token["refresh_token"])
assert refreshed["access_token"] != token["access_token"]
revoked = session.revoke_token(metadata["revocation_endpoint"], refreshed["refresh_token"])
assert revoked.status_code == 200
print(json.dumps({"sub": claims["sub"], "username": about["preferred_username"], "email": about["email"]}))

"""Authentication of requests: a bearer token, or OAuth 1.0a with HMAC-SHA256 (Magento accepts no other signature)."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx
from oauthlib import oauth1


@dataclass(frozen=True)
class Bearer:
    """The integration's access token, for shops that allow it without the other credentials."""

    token: str = field(repr=False)

    def sign(self, request: httpx.Request) -> None:
        """Add the token to the request."""
        request.headers["Authorization"] = f"Bearer {self.token}"


@dataclass(frozen=True)
class OAuth:
    """The four credentials of an integration."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_token_secret: str = field(repr=False)

    def sign(self, request: httpx.Request) -> None:
        """Sign method, URL and query. A JSON body is not part of an OAuth 1.0a signature."""
        signer = oauth1.Client(
            self.consumer_key,
            client_secret=self.consumer_secret,
            resource_owner_key=self.access_token,
            resource_owner_secret=self.access_token_secret,
            signature_method=oauth1.SIGNATURE_HMAC_SHA256,
        )
        _url, headers, _body = signer.sign(str(request.url), http_method=request.method)  # type: ignore[arg-type]
        request.headers["Authorization"] = headers["Authorization"]

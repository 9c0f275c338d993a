"""Access control: bearer tokens, OAuth 1.0a, the administrator's token, and resources per route.

Every access fault gives the same 401 that names the resource, except those of OAuth itself, which differ. Source:
magento-observed.md, "Errors in general"; recordings of the area auth; magento.md, section 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sandbox.magento.errors import Refusal, unauthorized
from sandbox.magento.oauth import Consumer, OAuth

TOKEN = "sandbox-magento-token"  # noqa: S105
ADMINISTRATOR = ("admin", "sandbox")
ADMINISTRATORS_HOURS = 4
WRONG_SIGN_IN = (
    "The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later."
)


@dataclass
class Token:
    """A token of an integration. `resources`: None for all of them. `ends`: for an administrator's token,
    in seconds.
    """

    resources: frozenset[str] | None = None
    revoked: bool = False
    ends: float | None = None
    secret: str = field(default="", repr=False)


class Access:
    """The tokens of the shop."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        """Create it from the clock."""
        self._seconds = seconds
        self.tokens = {TOKEN: Token()}
        self.consumer = Consumer()
        self.tokens[self.consumer.token] = Token(secret=self.consumer.token_secret)
        self.oauth = OAuth(self.consumer, seconds)

    def limit(self, token: str, resources: Iterable[str] | None) -> None:
        """Restrict a token to these resources, or allow it all of them. A new token is created."""
        found = self.tokens.setdefault(token, Token())
        found.resources = None if resources is None else frozenset(resources)

    def revoke(self, token: str, *, revoked: bool = True) -> None:
        """Revoke a token, or restore it."""
        self.tokens[token].revoked = revoked

    def sign_in(self, username: str, password: str) -> str:
        """Return an administrator's token. Raises `Refusal` 401."""
        if (username, password) != ADMINISTRATOR:
            raise Refusal(401, WRONG_SIGN_IN)
        token = f"sandbox-admin-token-{len(self.tokens)}"
        self.tokens[token] = Token(ends=self._seconds() + ADMINISTRATORS_HOURS * 3600)
        return token

    def check(self, header: str, resource: str | None, method: str, url: str, query: str, *, bearer: bool) -> None:
        """Admit a request or raise `Refusal`. On open routes a bad OAuth header is refused too, a bad bearer token is
        not.
        """
        token = self._token(header, method, url, query, bearer=bearer)
        if resource is None:
            return
        if token is None or (token.resources is not None and resource not in token.resources):
            raise unauthorized(resource)

    def _token(self, header: str, method: str, url: str, query: str, *, bearer: bool) -> Token | None:
        kind, _blank, rest = header.partition(" ")
        if kind.lower() == "oauth":
            return self._by_oauth(rest, method, url, query)
        if kind.lower() != "bearer" or " " in rest:
            return None
        token = self.tokens.get(rest)
        if token is None or token.revoked:
            return None
        if token.ends is not None:
            return token if self._seconds() < token.ends else None
        return token if bearer else None

    def _by_oauth(self, rest: str, method: str, url: str, query: str) -> Token:
        parameters = self.oauth.protocol(rest)
        self.oauth.consume_nonce(parameters)
        token = self.tokens.get(parameters["oauth_token"])
        if token is None or not token.secret:
            raise Refusal(401, "Specified token does not exist")
        if token.revoked:
            raise Refusal(401, "Access token has been revoked")
        self.oauth.verify(parameters, token.secret, method, url, query)
        return token

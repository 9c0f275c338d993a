"""OAuth 1.0a as Magento checks it: only HMAC-SHA256, each nonce once, no timestamps in the future.

Source: RFC 5849, section 3.4; recordings `oauth1_*` of the area auth; magento.md, section 1.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote, unquote

from sandbox.magento.errors import Refusal, required

REQUIRED = (
    "oauth_consumer_key",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_nonce",
    "oauth_timestamp",
    "oauth_token",
)
METHOD = "HMAC-SHA256"
FUTURE_SECONDS = 600
TOKEN_LENGTH = 32


@dataclass(frozen=True)
class Consumer:
    """The four credentials of the sandbox's integration."""

    id: int = 1
    key: str = "sandboxconsumerkey00000000000000"
    secret: str = field(default="sandboxconsumersecret00000000000", repr=False)
    token: str = "sandboxaccesstoken00000000000000"  # noqa: S105
    token_secret: str = field(default="sandboxtokensecret00000000000000", repr=False)


class OAuth:
    """The checks, and the nonces seen."""

    def __init__(self, consumer: Consumer, seconds: Callable[[], float]) -> None:
        """Create it from the integration and the clock."""
        self._consumer = consumer
        self._seconds = seconds
        self._nonces: set[tuple[str, str]] = set()

    def protocol(self, header: str) -> dict[str, str]:
        """Return the parameters of the header. Raises `Refusal` for missing or unknown ones."""
        found = {name: unquote(value) for name, value in re.findall(r'([\w]+)\s*=\s*"([^"]*)"', header)}
        if found.get("oauth_version", "1.0") != "1.0":
            raise Refusal(400, "The OAuth version %1 is not supported.", [found["oauth_version"]])
        missing = [name for name in REQUIRED if not found.get(name)]
        if missing:
            raise required(missing)
        if len(found["oauth_token"]) != TOKEN_LENGTH:
            raise Refusal(400, "The token length is invalid. Check the length and try again.")
        if found["oauth_consumer_key"] != self._consumer.key:
            raise Refusal(401, "A consumer having the specified key does not exist")
        return found

    def consume_nonce(self, parameters: Mapping[str, str]) -> None:
        """Note the nonce. Raises `Refusal` for a used nonce or a wrong timestamp."""
        stamp = parameters["oauth_timestamp"]
        if not (stamp.isascii() and stamp.isdigit()) or not 0 < int(stamp) <= self._seconds() + FUTURE_SECONDS:
            raise Refusal(400, "Incorrect timestamp value in the oauth_timestamp parameter")
        nonce = (parameters["oauth_nonce"], stamp)
        if nonce in self._nonces:
            raise Refusal(401, "The nonce is already being used by the consumer with ID %1", [str(self._consumer.id)])
        self._nonces.add(nonce)

    def verify(self, parameters: Mapping[str, str], secret: str, method: str, url: str, query: str) -> None:
        """Check the signature, where a `+` in the query is a plus and not a space. Raises `Refusal`."""
        if parameters["oauth_signature_method"] != METHOD:
            raise Refusal(400, "Signature method %1 is not supported", [parameters["oauth_signature_method"]])
        pairs = [(name, value) for name, value in parameters.items() if name not in ("oauth_signature", "realm")]
        for pair in filter(None, query.split("&")):
            name, _equals, value = pair.partition("=")
            pairs.append((unquote(name), unquote(value)))
        normal = "&".join(f"{name}={value}" for name, value in sorted((_encoded(n), _encoded(v)) for n, v in pairs))
        base = "&".join((method.upper(), _encoded(url), _encoded(normal)))
        key = f"{_encoded(self._consumer.secret)}&{_encoded(secret)}"
        wanted = b64encode(hmac.digest(key.encode(), base.encode(), sha256)).decode()
        if not hmac.compare_digest(wanted.encode(), parameters["oauth_signature"].encode()):
            raise Refusal(401, "The signature is invalid. Verify and try again.")


def _encoded(text: str) -> str:
    return quote(text, safe="~")

"""Why a request was rejected by Magento, or by what answers in its place: the failure code, and the likely cause.

Pure functions of an answer. Sources: magento.md, section 1 (refusals by OAuth itself); magento-observed.md, "Errors in
general" (maintenance, PHP or database down) and part three (a proxy that drops the port).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from connector.model.failures import FailureCode

HMAC = "OAuth 1.0a, signed with HMAC-SHA256"
NOT_LOGGED_IN = "You are not logged in."
"""Acumatica's answer, on every path, to a request without a session."""
_OAUTH = (
    (
        "A consumer having the specified key does not exist",
        "Magento knows no such consumer key, or its integration was deleted. Copy the Consumer Key of the integration "
        "into A2M_MAGENTO__CONSUMER_KEY.",
    ),
    (
        "Consumer key has expired",
        "The integration was not activated in time. Reauthorize it in System, Integrations, and enter all four "
        "credentials again.",
    ),
    (
        "Specified token does not exist",
        "Magento knows no such access token. Copy the Access Token of the integration into A2M_MAGENTO__ACCESS_TOKEN.",
    ),
    (
        "The token length is invalid",
        "An access token has 32 characters. Copy the Access Token of the integration into A2M_MAGENTO__ACCESS_TOKEN.",
    ),
    (
        "Access token has been revoked",
        "Reauthorize the integration in System, Integrations, and enter the new A2M_MAGENTO__ACCESS_TOKEN and "
        "A2M_MAGENTO__ACCESS_TOKEN_SECRET.",
    ),
    (
        "The signature is invalid",
        "A2M_MAGENTO__CONSUMER_SECRET or A2M_MAGENTO__ACCESS_TOKEN_SECRET is wrong; or a proxy in front of Magento "
        "passes another address on than {address}, which is signed: let it pass the Host header with its port, and "
        "X-Forwarded-Proto.",
    ),
    (
        "Signature method",
        "Magento takes no HMAC-SHA256: it is older than 2.4, or a module changes its OAuth. Update it, or enter a "
        "bearer token in A2M_MAGENTO__BEARER_TOKEN instead of the four credentials.",
    ),
    (
        "Incorrect timestamp",
        "This machine's clock is more than ten minutes ahead of Magento's. Set both by NTP.",
    ),
    ("The OAuth version", "Something between here and Magento changes the Authorization header. Let it pass as it is."),
)
_REST = re.compile(r"(?P<shop>.*?)(?P<rest>(/index\.php)?/rest(/[^/]+)?(/V1)?)", re.IGNORECASE)


_CODES = (
    ("Invalid attribute Price", FailureCode.INVALID_PRICE),
    ("Invalid attribute SKU", FailureCode.INVALID_SKU),
    ("Requested store is not found", FailureCode.STORE_NOT_FOUND),
    ("Not able to assign", FailureCode.SOURCE_NOT_ASSIGNED),
    ("Source", FailureCode.SOURCE_REFUSED),
)
"""Parts of Magento's own messages, before their placeholders are filled, about problems with a setting or a record."""


def code_of(template: str) -> FailureCode:
    """Return the failure code for Magento's message before its placeholders were filled (`MagentoFault.kind`)."""
    return next((code for known, code in _CODES if known in template), FailureCode.REFUSED_BY_MAGENTO)


def oauth_fix(template: str, address: str) -> str | None:
    """Return what to do about a refusal by OAuth itself; None for any other answer. `address`: the address that was
    signed.
    """
    parts = urlsplit(address)
    signed = f"{parts.scheme}://{parts.netloc}{parts.path}"
    fixes = (fix for beginning, fix in _OAUTH if template.startswith(beginning))
    return next((fix.format(address=signed) for fix in fixes), None)


def outage(status: int) -> str:
    """Return the likely meaning of an answer with this status that is a page instead of JSON."""
    if status == 503:
        return (
            "Magento is in maintenance mode, or its web server is overloaded. Maintenance ends with: "
            "bin/magento maintenance:disable"
        )
    if status in (502, 504):
        return "The web server answers and PHP behind it does not: it is stopped, or overloaded. Start or relieve it."
    if status >= 500:
        return "PHP fails before Magento can answer: most often its database is down. See the logs of PHP and Magento."
    return "Something in front of Magento answered in its place."


def address_fix(url: str) -> str:
    """Return what is likely wrong with a URL where something other than Magento's REST API answers, or
    knows no route.
    """
    path = urlsplit(url).path
    match = _REST.fullmatch(path)
    if match is not None:
        right = url.removesuffix(path) + match["shop"]
        return f"The URL ends in {match['rest']}, which is added by itself: enter {right} in A2M_MAGENTO__URL. "
    return ""


def is_acumatica(template: str, location: str = "") -> bool:
    """Return whether an answer is Acumatica's: its message, or its redirect to the login page."""
    return template == NOT_LOGGED_IN or "/frames/login.aspx" in location.lower()


def is_acumaticas(url: str) -> str:
    """Return the message for a Magento address at which Acumatica answers."""
    return f"{url} is the address of an Acumatica, not of a Magento. Enter the shop's address in A2M_MAGENTO__URL."

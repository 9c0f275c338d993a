"""Validated types that several sections share: URLs, lists of names, instants."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from settings.kinds import INSTANT


def _clean_url(value: str) -> str:
    if not value:
        return value
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"it is not a URL: {error}") from error
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("it must be a URL such as https://shop.example.com")
    if parts.username or parts.password:
        raise ValueError("it must not contain a user name or a password")
    if parts.query or parts.fragment:
        raise ValueError("it must end with its path, without ? or #")
    return value.rstrip("/")


def is_loopback(url: str) -> bool:
    """Return whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_plain_http(url: str, allowed: bool, switch: str) -> None:
    """Raise ValueError if secrets would be sent unencrypted over a network. `switch`: the setting that allows it."""
    if url.startswith("http://") and not allowed and not is_loopback(url):
        raise ValueError(f"url: http is only for this machine; use https, or set {switch} to true")


def refuse_duplicates(values: tuple[str, ...]) -> tuple[str, ...]:
    """Raise ValueError if a name occurs twice or is empty."""
    if any(not value.strip() for value in values):
        raise ValueError("a name in it is empty")
    folded = [value.strip().casefold() for value in values]
    twice = sorted({value for value, name in zip(values, folded, strict=True) if folded.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} occurs twice")
    return values


def _in_utc(value: Any, validated: ValidatorFunctionWrapHandler) -> datetime:
    try:
        found: datetime = validated(value)
    except ValidationError as error:
        raise ValueError(f"it must be {INSTANT}") from error
    return found.astimezone(UTC)


CleanUrl = Annotated[str, AfterValidator(_clean_url)]
Names = Annotated[tuple[str, ...], AfterValidator(refuse_duplicates)]
Instant = Annotated[AwareDatetime, WrapValidator(_in_utc)]

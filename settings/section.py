"""What every section of Setup Parameters has in common: unknown names are refused, URLs are clean."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from settings.keys import refuse_twins


class Section(BaseModel):
    """One section of the screen; a name that it does not have is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True)

    @model_validator(mode="after")
    def _no_key_stands_twice(self) -> Self:
        for name, value in self:
            if isinstance(value, dict):
                refuse_twins(name.removesuffix("_"), list(value))
        return self


def setting(default: Any, description: str, *, unit: str = "", **bounds: Any) -> Any:
    """A field with its description for an ERP administrator, its unit, its default and its bounds."""
    return Field(default, description=description, json_schema_extra={"unit": unit} if unit else None, **bounds)


def _clean_url(value: str) -> str:
    if not value:
        return value
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"it is no URL: {error}") from error
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("it must be a URL such as https://shop.example.com")
    if parts.username or parts.password:
        raise ValueError("it must hold no user name and no password")
    if parts.query or parts.fragment:
        raise ValueError("it must end with its path, without ? or #")
    return value.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_plain_http(url: str, allowed: bool) -> None:
    """Raise ValueError where secrets would travel unencrypted over a network."""
    if url.startswith("http://") and not allowed and not is_loopback(url):
        raise ValueError("url: http is only for this machine; use https, or set ALLOW_HTTP to true")


def refuse_duplicates(values: tuple[str, ...]) -> tuple[str, ...]:
    """Raise ValueError where a name stands twice or is empty."""
    if any(not value.strip() for value in values):
        raise ValueError("a name in it is empty")
    folded = [value.strip().casefold() for value in values]
    twice = sorted({value for value, one in zip(values, folded, strict=True) if folded.count(one) > 1})
    if twice:
        raise ValueError(f"{', '.join(twice)} stands in it twice")
    return values


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


CleanUrl = Annotated[str, AfterValidator(_clean_url)]
Names = Annotated[tuple[str, ...], AfterValidator(refuse_duplicates)]
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]

"""Acumatica: the tenant, how the connector logs in, how it reads quantities, and the licence's limits."""

from __future__ import annotations

from functools import cache
from typing import Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import SecretStr, field_validator, model_validator

from settings.checks import CleanUrl, refuse_plain_http
from settings.declare import setting
from settings.section import Section


@cache
def _zones() -> set[str]:
    """Return the names of all time zones; finding them means reading some hundred files."""
    return available_timezones()


class Acumatica(Section, title="Acumatica"):
    """The Acumatica tenant. With an OAuth2 client id the login uses OAuth2 (password grant), otherwise a cookie."""

    url: CleanUrl = setting(
        "", "The address of the instance, such as https://erp.example.com/Acumatica.", label="Acumatica URL"
    )
    tenant: str = setting("Company", "The tenant (login company).", min_length=1)
    branch: str = setting("", "The branch to log in to. Empty: the user's default branch.")
    time_zone: str = setting(
        "UTC", "The tenant's time zone, such as America/New_York. It decides when a day begins and ends."
    )
    username: str = setting("", "The user that the connector logs in as.", label="User")
    password: SecretStr | None = setting(None, "The password of that user.")
    client_id: str = setting(
        "",
        "OAuth2: the client id of the connected application. Empty: the connector logs in with a cookie.",
        label="OAuth2 client id",
    )
    client_secret: SecretStr | None = setting(None, "OAuth2: the secret of the connected application.")
    endpoint: str = setting("Default", "The name of the contract-based endpoint.", label="Endpoint name", min_length=1)
    version: str = setting(
        "24.200.001", "The version of the endpoint.", label="Endpoint version", pattern=r"^\d+\.\d+\.\d+$"
    )
    quantity_read: Literal["odata", "storage_details", "inventory_summary"] = setting(
        "odata",
        "How quantities are read.",
        choices={
            "odata": "OData",
            "storage_details": "Storage Details per warehouse",
            "inventory_summary": "Inventory Summary per item",
        },
    )
    price_read: Literal["odata", "inquiry"] = setting(
        "odata",
        "How the price list is read. The inquiry does not report changes: it is always read in full.",
        choices={"odata": "OData", "inquiry": "Inquiry Sales Prices"},
    )
    page_size: int = setting(1000, "How many records one request reads.", unit="records", ge=1, le=10_000)
    requests_per_minute: int = setting(
        150,
        "How many requests per minute the licence allows, for the whole installation.",
        unit="requests",
        ge=4,
        le=100_000,
    )
    sessions: int = setting(
        2, "How many API sessions the connector may hold at the same time.", unit="sessions", ge=1, le=100
    )
    concurrency: int = setting(1, "How many requests one session sends at the same time.", unit="requests", ge=1, le=16)
    timeout: float = setting(600.0, "How long one request may take.", unit="seconds", gt=0, le=3600)
    allow_http: bool = setting(
        False, "Allow unencrypted http to an Acumatica that is not on this machine.", label="Allow http"
    )
    overlap: float = setting(
        300.0,
        "How much later than its time stamp a record may be saved. Once a minute, changes are read again from so far "
        "back.",
        unit="seconds",
        ge=0,
        le=86_400,
    )
    full_read_interval: float = setting(
        900.0, "How often a list that does not report changes is read in full.", unit="seconds", ge=1, le=86_400
    )

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        if value not in _zones():
            raise ValueError("it must be an IANA time zone such as America/New_York")
        return value

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        refuse_plain_http(self.url, self.allow_http, "A2M_ACUMATICA__ALLOW_HTTP")
        if self.client_id and not self.client_secret:
            raise ValueError("client_secret: OAuth2 needs the secret of the connected application")
        return self

    def zone(self) -> ZoneInfo:
        """Return the tenant's time zone."""
        return ZoneInfo(self.time_zone)

    def missing(self) -> list[str]:
        """Return the fields without which nothing can be read."""
        return [name for name in ("url", "username", "password") if not getattr(self, name)]

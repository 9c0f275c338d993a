"""Acumatica: the tenant, how the connector logs in, how it reads quantities, and the licence's limits."""

from __future__ import annotations

from typing import Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import SecretStr, field_validator, model_validator

from settings.section import CleanUrl, Section, refuse_plain_http, setting


class Acumatica(Section):
    """One tenant of an Acumatica ERP. With `client_id` it is OAuth2 (password grant), else a login with a cookie."""

    url: CleanUrl = setting("", "Address of the instance, such as https://erp.example.com/Acumatica.")
    tenant: str = setting("Company", "Tenant (login company).", min_length=1)
    branch: str = setting("", "Branch to log in to; empty: the user's default branch.")
    time_zone: str = setting("UTC", "The tenant's time zone, such as America/New_York: dates begin and end there.")
    username: str = setting("", "User of the connector.")
    password: SecretStr | None = setting(None, "Password of the user.")
    client_id: str = setting("", "OAuth2: client id of the connected application; empty: login with a cookie.")
    client_secret: SecretStr | None = setting(None, "OAuth2: secret of the connected application.")
    endpoint: str = setting("Default", "Name of the contract-based endpoint.", min_length=1)
    version: str = setting("24.200.001", "Version of the endpoint.", pattern=r"^\d+\.\d+\.\d+$")
    quantity_read: Literal["odata", "storage_details", "inventory_summary"] = setting(
        "odata", "How quantities are read: OData, Storage Details per warehouse, or Inventory Summary per item."
    )
    price_read: Literal["odata", "inquiry"] = setting(
        "odata", "How the price list is read: OData, or the inquiry Sales Prices, always in full."
    )
    page_size: int = setting(1000, "Records that one request reads.", unit="records", ge=1, le=10_000)
    requests_per_minute: int = setting(
        150, "Requests a minute that the licence allows, for the whole installation.", unit="requests", ge=4, le=100_000
    )
    sessions: int = setting(2, "API sessions that the connector may hold at once.", unit="sessions", ge=1, le=100)
    concurrency: int = setting(1, "Requests that one session sends at once.", unit="requests", ge=1, le=16)
    timeout: float = setting(600.0, "How long one request may take.", unit="seconds", gt=0, le=3600)
    allow_http: bool = setting(False, "Allow http to an Acumatica that is not on this machine.")
    overlap: float = setting(
        300.0,
        "How late a record may be saved after its time stamp: so far back changes are read again, once a minute.",
        unit="seconds",
        ge=0,
        le=86_400,
    )
    full_read_interval: float = setting(
        900.0, "How often a feed that cannot tell what changed is read in full.", unit="seconds", ge=1, le=86_400
    )

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("it must be an IANA time zone such as America/New_York")
        return value

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        refuse_plain_http(self.url, self.allow_http)
        if self.client_id and not self.client_secret:
            raise ValueError("client_secret: OAuth2 needs the secret of the connected application")
        return self

    def zone(self) -> ZoneInfo:
        """The tenant's time zone."""
        return ZoneInfo(self.time_zone)

    def missing(self) -> list[str]:
        """The fields without which nothing can be read."""
        return [name for name in ("url", "username", "password") if not getattr(self, name)]

"""Workspace: where the administrator's pages are served, and who is let in."""

from __future__ import annotations

import ipaddress
from typing import Literal, Self

from pydantic import SecretStr, field_validator, model_validator

from settings.checks import Names
from settings.declare import setting
from settings.section import Section


class Web(Section, title="Workspace"):
    """The workspace. A change takes effect after a restart of `a2m serve` or `a2m web`."""

    enabled: bool = setting(True, "Serve the workspace beside the deployments (a2m serve).")
    address: str = setting(
        "127.0.0.1",
        "The address that the workspace listens at. On any other than this machine's own, users or a proxy header are "
        "needed.",
        min_length=1,
    )
    port: int = setting(8086, "The port that the workspace listens at.", ge=1, le=65535)
    allowed_hosts: Names = setting(
        (),
        "The names under which browsers reach the workspace, such as connector.example.com or connector:8086. "
        "Others are refused.",
    )
    session_time: int = setting(
        12, "After this a user has to log in again.", label="Session time", unit="hours", ge=1, le=24 * 30
    )
    proxy_header: str = setting(
        "",
        "The header in which a proxy says who is logged in, such as X-Remote-User. Empty: users log in here.",
        pattern=r"^[A-Za-z0-9-]*$",
        max_length=100,
    )
    proxy_addresses: Names = setting(
        (), "The addresses of that proxy. Its headers are believed from these only.", label="Proxy addresses"
    )
    proxy_role: Literal["viewer", "administrator", "none"] = setting(
        "viewer",
        "What a person may do whom the proxy names and who is no user of the workspace (a2m user).",
        label="Others whom the proxy names are",
        choices={"viewer": "Viewer", "administrator": "Administrator", "none": "Refused"},
    )
    metrics_token: SecretStr | None = setting(
        None, "The bearer token with which /metrics is read where users have to log in. Empty: it is refused there."
    )

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if value != "localhost":
            try:
                ipaddress.ip_address(value)
            except ValueError as error:
                raise ValueError("it must be an IP address of this machine, such as 127.0.0.1 or 0.0.0.0") from error
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            if "/" in value or "*" in value or "@" in value:
                raise ValueError(f"{value} is not a host: write its name, and its port where the browser shows one")
        return tuple(value.lower() for value in values)

    @field_validator("proxy_addresses")
    @classmethod
    def _are_addresses(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            try:
                ipaddress.ip_address(value)
            except ValueError as error:
                raise ValueError(f"{value} is not an IP address") from error
        return values

    @model_validator(mode="after")
    def _a_header_has_its_proxy(self) -> Self:
        if self.proxy_header and not self.proxy_addresses:
            raise ValueError("proxy_addresses: it is empty; without it anybody could send the proxy header")
        return self

    def is_on_loopback(self) -> bool:
        """Return whether only this machine reaches it."""
        return self.address == "localhost" or ipaddress.ip_address(self.address).is_loopback

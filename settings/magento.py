"""Connection Settings: the Magento shop and how the connector is let in."""

from __future__ import annotations

import re
from typing import Self

from pydantic import SecretStr, model_validator

from settings.checks import CleanUrl, refuse_plain_http
from settings.declare import setting
from settings.section import Section

_NOT_OF_A_TOKEN = re.compile(r"[^\x21-\x7e]")
OAUTH = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")


class Magento(Section, title="Connection Settings"):
    """The shop. Enter either the bearer token, or all four OAuth 1.0a credentials of the integration."""

    url: CleanUrl = setting(
        "",
        "The address of the shop, such as https://shop.example.com. If the address has a path, include it.",
        label="Magento URL",
    )
    bearer_token: SecretStr | None = setting(
        None, "The access token of the integration in Magento.", label="Bearer Token"
    )
    confirm_bearer_token: SecretStr | None = setting(
        None, "The bearer token again, to find typing errors.", label="Confirm Bearer Token"
    )
    consumer_key: SecretStr | None = setting(None, "OAuth 1.0a: the consumer key of the integration.")
    consumer_secret: SecretStr | None = setting(None, "OAuth 1.0a: the consumer secret of the integration.")
    access_token: SecretStr | None = setting(None, "OAuth 1.0a: the access token of the integration.")
    access_token_secret: SecretStr | None = setting(None, "OAuth 1.0a: the access token secret of the integration.")
    store_code: str = setting(
        "all", "The store view in the REST path. The value all writes to every store.", pattern=r"^[A-Za-z0-9_]+$"
    )
    store_id: int = setting(0, "The store that prices are written to; 0 is every store.", label="Store id", ge=0)
    website_id: int = setting(1, "The website that customers belong to.", label="Website id", ge=1)
    allow_http: bool = setting(
        False, "Allow unencrypted http to a shop that is not on this machine.", label="Allow http"
    )
    timeout: float = setting(60.0, "How long one request may take.", unit="seconds", gt=0, le=3600)
    concurrency: int = setting(
        4,
        "How many requests may be under way at the same time, whether they read or send.",
        unit="connections",
        ge=1,
        le=16,
    )

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        refuse_plain_http(self.url, self.allow_http, "A2M_MAGENTO__ALLOW_HTTP")
        token, again = self.bearer_token, self.confirm_bearer_token
        if token is not None and _NOT_OF_A_TOKEN.search(token.get_secret_value()):
            raise ValueError(
                "bearer_token: it holds a character that no token has, such as a line break; copy it again"
            )
        if again is not None and (token is None or again.get_secret_value() != token.get_secret_value()):
            raise ValueError("confirm_bearer_token: the two bearer tokens differ; type the token again")
        given = [name for name in OAUTH if getattr(self, name)]
        if given and len(given) < len(OAUTH):
            missing = ", ".join(name.upper() for name in OAUTH if name not in given)
            raise ValueError(f"{given[0]}: OAuth needs all four credentials; missing: {missing}")
        return self

    def missing(self) -> list[str]:
        """Return the fields without which nothing can be sent."""
        absent = [] if self.url else ["url"]
        if not self.bearer_token and not self.consumer_key:
            absent.append("bearer_token")
        return absent

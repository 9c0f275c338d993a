"""Notifications: who gets an alert, and when something takes too long."""

from __future__ import annotations

from pydantic import field_validator

from settings.checks import Names
from settings.declare import setting
from settings.section import Section


class Notify(Section, title="Notifications"):
    """When alerts are sent, and through which of Prefect's notification Blocks."""

    blocks: Names = setting(
        (),
        "The notification Blocks of Prefect that alerts go to, as type/name: custom-webhook/ops, a2m-mail/erp. Empty: "
        "nobody gets an alert.",
    )
    oldest_pending: int = setting(
        60,
        "Send an alert when the oldest waiting message of an entity is older than this.",
        label="Alert when messages wait longer than",
        unit="minutes",
        ge=1,
        le=100_000,
    )
    silence: int = setting(
        15,
        "Send an alert when an active entity had no sync for so long.",
        label="Alert when an entity has no sync for",
        unit="minutes",
        ge=2,
        le=100_000,
    )
    repeat_after: int = setting(
        24,
        "Repeat an alert after this if its reason lasts.",
        label="Repeat an alert after",
        formerly="told_again",
        unit="hours",
        ge=1,
        le=1_000,
    )

    @field_validator("blocks")
    @classmethod
    def _are_named_by_type(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            kind, slash, name = value.partition("/")
            if not (kind and slash and name) or "/" in name:
                raise ValueError(f"{value} is not a Block: write its type and its name, such as custom-webhook/ops")
        return values

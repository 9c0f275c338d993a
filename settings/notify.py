"""Notifications: who is told, and when something takes too long."""

from __future__ import annotations

from pydantic import field_validator

from settings.section import Names, Section, setting


class Notify(Section):
    """What is told through Prefect's notification Blocks."""

    blocks: Names = setting(
        (), "Notification Blocks of Prefect, as type/name: custom-webhook/ops, a2m-mail/erp; empty: nobody is told."
    )
    oldest_pending: int = setting(
        60, "Tell when the oldest waiting message is older than this.", unit="minutes", ge=1, le=100_000
    )
    silence: int = setting(15, "Tell when an active entity had no look for so long.", unit="minutes", ge=2, le=100_000)
    told_again: int = setting(24, "The same is told again after this, if it lasts.", unit="hours", ge=1, le=1_000)

    @field_validator("blocks")
    @classmethod
    def _are_named_by_type(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            kind, slash, name = value.partition("/")
            if not (kind and slash and name) or "/" in name:
                raise ValueError(f"{value} is no Block: write its type and its name, such as custom-webhook/ops")
        return values

"""What a waiting message waits for."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Wait(msgspec.Struct, frozen=True):
    """What a message waits for.

    code: a `WaitReason`. waits_for: the record whose sending ends the wait, as "order SO 000001"; `None` if no record
    of ours does. reported_at: when the long wait was reported to a person.
    """

    code: str
    since: datetime
    waits_for: str | None = None
    reported_at: datetime | None = None


class LookedAt(msgspec.Struct, frozen=True):
    """A waiting message that was checked and still waits: the reason for people, and when it is checked again."""

    target: int
    seq: int
    wait: Wait
    reason: str
    again_at: datetime

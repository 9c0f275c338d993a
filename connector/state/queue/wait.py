"""What one message waits for."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Wait(msgspec.Struct, frozen=True):
    """What a message waits for: the code of a `WaitReason`, since when, the record whose sending ends it ("order SO
    000001"; None where nothing of ours does), and when a person was told that it takes long.
    """

    code: str
    since: datetime
    waits_for: str | None = None
    reported_at: datetime | None = None


class LookedAt(msgspec.Struct, frozen=True):
    """A waiting message that was looked at and waits on: why, in words, and when it is looked at again."""

    target: int
    seq: int
    wait: Wait
    reason: str
    again_at: datetime

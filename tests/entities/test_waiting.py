"""When a message that waits is looked at again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from entities.waiting import WaitReason, describe, next_check_at

SINCE = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)


def test_it_is_checked_after_1_5_15_then_every_60_minutes() -> None:
    """Each sync is later than the one before, and never more than an hour away."""
    now, pauses = SINCE, []
    for _time in range(6):
        again = next_check_at(SINCE, now)
        pauses.append((again - now) / timedelta(minutes=1))
        now = again
    assert pauses == [1, 5, 15, 60, 60, 60]


@pytest.mark.parametrize("late", [1, 30, 200])
def test_a_late_sync_does_not_begin_anew(late: int) -> None:
    """A sync that came late is followed by the pause that belongs to how long the message has waited."""
    assert next_check_at(SINCE, SINCE + timedelta(days=late)) == SINCE + timedelta(days=late, hours=1)


@pytest.mark.parametrize("code", list(WaitReason))
def test_every_reason_has_a_text(code: WaitReason) -> None:
    """What is waited for is said in words."""
    assert describe(code) and describe(code) != code


def test_a_reason_of_a_later_version_is_named_as_it_is() -> None:
    """A code that is not known is shown, not refused."""
    assert describe("awaiting_godot") == "awaiting_godot"


@pytest.mark.parametrize("code", list(WaitReason))
def test_every_reason_stands_among_the_words(code: WaitReason) -> None:
    """docs/reference/words.md says what each is."""
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "words.md"
    assert f"| `{code}` | {describe(code)} |" in page.read_text()

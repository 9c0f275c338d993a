"""Reads are asked again after faults that pass: with the pause that was told, and not beyond the end of the run."""

from datetime import timedelta

import httpx
import pytest
from support.moment import NOW

from connector.acumatica.errors import AcumaticaBusy, RequestRefused, fault_of_answer
from connector.acumatica.repeated import ATTEMPTS, repeated
from connector.clock import ManualClock


class Reading:
    """Raises these faults in turn, then answers."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.asked = 0

    async def __call__(self) -> bytes:
        self.asked += 1
        if self.faults:
            raise self.faults.pop(0)
        return b"[]"


def busy(retry_after: str | None = None) -> AcumaticaBusy:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    fault = fault_of_answer(httpx.Response(429, headers=headers), "a list")
    assert isinstance(fault, AcumaticaBusy)
    return fault


async def test_without_a_word_the_pauses_grow():
    """Four times in all, with longer and longer pauses, each a little by chance."""
    clock, reading = ManualClock(NOW), Reading(*(busy() for _ in range(3)))
    assert await repeated(clock)(reading) == b"[]"
    first, second, third = clock.slept
    assert 2.5 <= first <= 5 <= second <= 7.5 <= 10 <= third <= 12.5


async def test_the_last_fault_is_reported_as_it_was():
    """Not wrapped into one of the library's."""
    clock, last = ManualClock(NOW), busy()
    reading = Reading(*(busy() for _ in range(ATTEMPTS - 1)), last)
    with pytest.raises(AcumaticaBusy) as raised:
        await repeated(clock)(reading)
    assert raised.value is last
    assert reading.asked == ATTEMPTS
    assert len(clock.slept) == ATTEMPTS - 1


@pytest.mark.parametrize("fault", [RequestRefused("no such field"), ValueError("a mistake of ours")])
async def test_what_does_not_pass_is_not_asked_again(fault):
    """Only a busy site is."""
    clock, reading = ManualClock(NOW), Reading(fault)
    with pytest.raises(type(fault)):
        await repeated(clock)(reading)
    assert clock.slept == []


async def test_a_retry_after_is_kept():
    """In seconds or as a date; nonsense and no seconds are as good as nothing said."""
    for sent in ("17", (NOW + timedelta(seconds=17)).strftime("%a, %d %b %Y %H:%M:%S GMT")):
        clock = ManualClock(NOW)
        await repeated(clock)(Reading(busy(sent)))
        assert clock.slept == [pytest.approx(17, abs=1)]
    for sent in ("soon", "0", "-5"):
        clock = ManualClock(NOW)
        await repeated(clock)(Reading(busy(sent)))
        assert 2.5 <= clock.slept[0] <= 5


async def test_nothing_is_put_off_beyond_the_end_of_the_run():
    """A site that asks for longer ends the look at once; a moment is waited for whatever the end is."""
    clock, reading = ManualClock(NOW), Reading(busy("601"))
    with pytest.raises(AcumaticaBusy):
        await repeated(clock, NOW + timedelta(seconds=600))(reading)
    assert (clock.slept, reading.asked) == ([], 1)
    assert await repeated(clock, NOW + timedelta(seconds=600))(Reading(busy("599"))) == b"[]"
    assert await repeated(clock, NOW)(Reading(busy("30"))) == b"[]"
    assert clock.slept == [599, 30]

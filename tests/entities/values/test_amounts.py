"""Numbers as they are sent."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from entities.values.amounts import EXACT_BELOW, as_sent

encoded = msgspec.json.Encoder(decimal_format="number").encode


@given(st.integers(-(10**18), 10**18), st.integers(0, 6))
@example(EXACT_BELOW - 1, 6)
@example(EXACT_BELOW + 1, 6)
@example(1, 6)
@example(999_999_999_999_999, 4)
def test_a_number_is_sent_as_the_very_decimal(value: int, digits: int):
    """What JSON says, read as a decimal, is the value to its last digit."""
    [said] = json.loads(encoded(as_sent([value], digits)), parse_float=Decimal)
    assert Decimal(said) == Decimal(value).scaleb(-digits)


def test_a_number_is_sent_as_short_as_it_can_be():
    """No digit is sent that says nothing."""
    assert encoded(as_sent([125_000, 120_000, 0, None, 1], 4)) == b"[12.5,12,0,0,0.0001]"

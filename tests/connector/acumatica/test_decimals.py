"""Decimals of Acumatica's JSON as whole numbers: all of a column at once, and one alone."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.acumatica.records import BadRecord, scaled, scaled_column, scaled_text


@given(
    st.lists(
        st.tuples(st.integers(-(10**12), 10**12), st.integers(0, 8), st.sampled_from(["", "0", "00", "0000"])),
        min_size=1,
        max_size=50,
    ),
    st.sampled_from([4, 6]),
)
def test_a_column_is_what_each_is_alone(numbers, digits):
    """However the numbers are written, a column is read exactly as each number is read alone, or not at all."""
    texts = []
    for number, places, zeros in numbers:
        plain = f"{Decimal(number).scaleb(-places):f}"
        texts.append((plain + zeros if "." in plain else plain).encode())
    alone = [scaled_text(text, digits, "a number") for text in texts]
    assert alone == [scaled(Decimal(text.decode()), digits, "a number") for text in texts]
    assert scaled_column(texts, digits) in (None, alone)


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        ([b"0", b"-0", b"12", b"-5.5", b"280.000000", b"0.0"], [0, 0, 120_000, -55_000, 2_800_000, 0]),
        ([b"9999999999.9999"], [99_999_999_999_999]),
    ],
)
def test_columns_as_acumatica_writes_them(texts, whole):
    """Stored zeros, computed zeros and whole numbers stand side by side (acumatica-observed.md, "Decimal text")."""
    assert scaled_column(texts, 4) == whole


@pytest.mark.parametrize("text", [b"null", b"1e3", b'"12"', b"1.23456", b"12345678901", b"", b"true"])
def test_what_is_written_otherwise(text):
    """One number that is not plain leaves the whole column to be read one by one."""
    assert scaled_column([b"1", text], 4) is None


@pytest.mark.parametrize("text", [b"true", b'"twelve"', b"[1]", b"{}", b"1e99", b'"NaN"'])
def test_what_is_no_number(text):
    """It is refused in words, and no other number is put in its place."""
    with pytest.raises(BadRecord, match="the quantity in MAIN"):
        scaled_text(text, 4, "the quantity in MAIN")

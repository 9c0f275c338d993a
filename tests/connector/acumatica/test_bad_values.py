"""A value that is not of its field's kind spoils its own record, and no other of the page."""

from decimal import Decimal

import msgspec
import pytest

from connector.acumatica.records import Number, Text, decode_page, raw_value


class Record(msgspec.Struct):
    Key: Text = Text()
    Amount: Number = Number()


LONG = "9" * 5_000
GOOD = '{"Key": {"value": "A"}, "Amount": {"value": 0.12345678901234567890123}}'


@pytest.mark.parametrize("sent", ["1.5", "1e400", "7", LONG, f"{LONG}.5", "true", "[]", r'"\ud800"'])
def test_what_is_no_text_is_no_text_whatever_stands_beside_it(sent: str) -> None:
    """A number in a field of text is no key, with a fraction neither; the record beside it keeps every digit."""
    page = f'[{GOOD}, {{"Key": {{"value": {sent}}}, "Amount": {{"value": 1}}}}]'
    good, bad = decode_page(page.encode(), Record, "the record")
    assert [(one.Key.value, one.Amount.value) for one in good] == [("A", Decimal("0.12345678901234567890123"))]
    [(raw, why)] = bad
    assert raw["Amount"] == {"value": 1}
    assert "Unreadable record: the record has a wrong value" in why


@pytest.mark.parametrize(("sent", "named"), [("1.50", "1.50"), ("7", "7"), (LONG, LONG), ('"B "', "B"), ("{}", "")])
def test_a_record_that_cannot_be_read_is_named_as_it_came(sent: str, named: str) -> None:
    """With every digit, also where the key is what is wrong."""
    page = f'[{{"Key": {{"value": {sent}}}, "Amount": {{"value": "none"}}}}]'
    _good, [(raw, _why)] = decode_page(page.encode(), Record, "the record")
    assert raw_value(raw, "Key") == named


@pytest.mark.parametrize("sent", ["NaN", "-Infinity", "1e99999999999999999999999"])
def test_what_is_no_number_of_anything_spoils_no_other_record(sent: str) -> None:
    """Not quite JSON, or a number without end: the records beside it are read."""
    page = f'[{GOOD}, {{"Key": {{"value": "B"}}, "Amount": {{"value": {sent}}}}}]'
    good, _bad = decode_page(page.encode(), Record, "the record")
    assert good[0].Key.value == "A"

"""Questions to Acumatica's lists: every value is quoted, in the dialect of its receiver."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.acumatica.errors import RequestRefused
from connector.acumatica.query import (
    AllOf,
    AnyOf,
    Contains,
    Dialect,
    Query,
    behind,
    eq,
    filter_of,
    ge,
    gt,
    in_parts,
    literal,
    ne,
    one_of,
    same,
    url_with,
)

ENDPOINT, FEED = Dialect.ENDPOINT, Dialect.FEED
NOON = datetime(2026, 11, 20, 12, 30, 1, 234_567, tzinfo=timezone(timedelta(hours=3)))


@pytest.mark.parametrize(
    ("value", "of_endpoint", "of_feed"),
    [
        ("SO", "'SO'", "'SO'"),
        ("O'Neil's", "'O''Neil''s'", "'O''Neil''s'"),
        ("' or 1 eq 1 or '", "''' or 1 eq 1 or '''", "''' or 1 eq 1 or '''"),
        ("Müller 漢字 🛒", "'Müller 漢字 🛒'", "'Müller 漢字 🛒'"),
        ("", "''", "''"),
        (41, "41", "41"),
        (True, "true", "true"),
        (Decimal("1.50"), "1.50M", "1.50"),
        (Decimal("1E+3"), "1000M", "1000"),
        (date(2026, 11, 1), "datetimeoffset'2026-11-01'", "2026-11-01"),
        (NOON, "datetimeoffset'2026-11-20T09:30:01.234+00:00'", "2026-11-20T09:30:01.234Z"),
    ],
)
def test_a_value_is_written_as_its_reader_takes_it(value, of_endpoint, of_feed):
    """Texts in doubled quotes, instants in UTC, decimals without an exponent; the two dialects differ."""
    assert literal(value, ENDPOINT) == of_endpoint
    assert literal(value, FEED) == of_feed


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("-Infinity"), "half a \ud83d character"])
def test_a_value_that_cannot_be_written_is_refused_with_a_message(value):
    """Nothing is asked with it."""
    with pytest.raises(RequestRefused, match="cannot be asked"):
        literal(value)


def test_an_instant_without_a_zone_is_a_mistake_of_ours():
    """It would be asked for in whatever zone the server is in."""
    with pytest.raises(ValueError, match="zone"):
        literal(datetime(2026, 11, 20))


def test_conditions_nest_in_parentheses_where_they_must():
    """`or` stands in parentheses, `and` inside of it too; no condition at all is none."""
    either = AnyOf((gt("Type", "SO"), AllOf((eq("Type", "SO"), ge("Nbr", 7)))))
    assert filter_of(AllOf((ne("Price", 0), either))) == (
        "Price ne 0 and (Type gt 'SO' or (Type eq 'SO' and Nbr ge 7))"
    )
    assert filter_of(AllOf()) == ""
    assert filter_of(one_of("Branch", ["A"])) == "(Branch eq 'A')"


def test_a_list_of_no_values_is_never_asked():
    """It would be met by everything, and means nothing."""
    with pytest.raises(ValueError, match="empty"):
        filter_of(one_of("Type", []))


def test_a_key_and_what_is_behind_it_are_written_part_by_part():
    """Keys of one, two and three parts, in the order of the list."""
    assert filter_of(same(("A",), ("x",))) == "A eq 'x'"
    assert filter_of(same(("A", "B"), ("x", "y"))) == "A eq 'x' and B eq 'y'"
    assert filter_of(behind(("A",), (41,))) == "A gt 41"
    assert filter_of(behind(("A", "B", "C"), ("x", "y", "z"))) == (
        "(A gt 'x' or (A eq 'x' and (B gt 'y' or (B eq 'y' and C gt 'z'))))"
    )


def test_a_search_in_a_text_has_a_word_of_its_own_in_each_dialect():
    """`contains` is unknown to the endpoint, `substringof` to the feeds."""
    assert filter_of(Contains("ExternalRef", "10'1"), ENDPOINT) == "substringof('10''1',ExternalRef)"
    assert filter_of(Contains("ExternalRef", "10'1"), FEED) == "contains(ExternalRef,'10''1')"


def test_a_question_has_the_parameters_that_are_given():
    """Each once, in Acumatica's spelling; what is not given is not asked."""
    query = Query(("A", "B", "A"), ("Details",), ("View.Field",), eq("A", 1), ("A", "B"), 10, 20)
    assert query.params() == {
        "$select": "A,B",
        "$expand": "Details",
        "$custom": "View.Field",
        "$filter": "A eq 1",
        "$orderby": "A,B",
        "$top": "10",
        "$skip": "20",
    }
    assert Query().params() == {}
    assert url_with("https://erp.example.com/x", {}) == "https://erp.example.com/x"


@given(st.text())
def test_any_text_arrives_as_it_was(text):
    """Whatever it holds: one literal, in one parameter, and nothing of it in another."""
    try:
        url = url_with("https://erp.example.com/x", Query(where=eq("Name", text), top=1).params())
    except RequestRefused:
        with pytest.raises(UnicodeEncodeError):
            text.encode()
        return
    asked = parse_qs(urlsplit(url).query, keep_blank_values=True)
    assert set(asked) == {"$filter", "$top"}
    [condition] = asked["$filter"]
    assert condition.startswith("Name eq '") and condition.endswith("'")
    inside = condition.removeprefix("Name eq '")[:-1]
    assert inside.replace("''", "'") == text and "'" not in inside.replace("''", "")
    assert httpx.URL(url).params["$filter"] == condition


def test_many_values_are_asked_for_in_several_questions():
    """At most so many in each, and none lost or asked twice."""
    found = in_parts([eq("A", f"{number}") for number in range(95)], 40)
    assert [len(part.conditions) for part in found] == [40, 40, 15]
    assert [one.value for part in found for one in part.conditions] == [f"{number}" for number in range(95)]
    assert in_parts([], 40) == []


def test_long_values_are_asked_for_few_at_a_time():
    """A web server takes a question of some thousand characters; what each character comes to in a URL counts."""
    found = in_parts([eq("A", f"{number}" + "漢" * 250) for number in range(9)], 40)
    assert [len(part.conditions) for part in found] == [3, 3, 3]
    alone = in_parts([eq("A", "x" * 20_000), eq("A", "y")], 40)
    assert [len(part.conditions) for part in alone] == [1, 1]


def test_a_sign_of_a_date_time_is_encoded():
    """A bare `+` would be read as a blank, and the offset be lost."""
    url = url_with("https://erp.example.com/x", Query(where=ge("At", datetime(2026, 11, 1, tzinfo=UTC))).params())
    assert url.endswith("$filter=At%20ge%20datetimeoffset'2026-11-01T00%3A00%3A00.000%2B00%3A00'")

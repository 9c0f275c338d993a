"""Reconcile on pages: the number, what differs, and putting it right."""

from datetime import timedelta

import pytest
from support.workspace import NOW

from connector.state.operator import comparisons
from web.pages.reconcile import agreement


def keep(site, differing, places=20_412, **more):
    """Prices were compared an hour ago."""
    rows = [(f"KEY-{n}", "", f"SKU-{n:04}", "9.49", "<b>", "") for n in range(differing)]
    comparisons.keep(site.state, "price", places, rows, NOW - timedelta(hours=1), **more)


def test_nothing_was_compared(connected):
    """It says so, and starts what compares."""
    assert connected.get("/reconcile").text.count("Not compared yet.") == 4
    assert "Every active entity is compared by the run" in connected.act(
        "/reconcile/compare", "/reconcile", entity="all"
    )
    assert "Price is compared by the run" in connected.act("/reconcile/compare", "/reconcile", entity="price")
    assert "name an entity" in connected.act("/reconcile/compare", "/reconcile", entity="x")
    assert connected.runs.started == [
        ("Reconcile/Reconcile", {"entity": "all", "put_right": False}),
        ("Reconcile/Reconcile", {"entity": "price", "put_right": False}),
    ]


def test_the_number(connected):
    """How much agrees stands on the page, on the Overview and among the figures."""
    keep(connected, 4)
    for path in ("/reconcile", "/"):
        assert "99.98 % of 20,412 agree" in connected.get(path).text
    assert 'a2m_differing{entity="price"} 4.0' in connected.get("/metrics").text
    assert "1 hour ago" in connected.get("/reconcile").text


@pytest.mark.parametrize(
    ("differing", "places", "words"),
    [(0, 10, "100 % of 10 agree"), (1, 1_000_000, "99.99 % of 1,000,000 agree"), (0, 0, "nothing to compare")],
)
def test_all_agrees_only_where_nothing_differs(connected, differing, places, words):
    """One of a million is not 100 %."""
    keep(connected, differing, places)
    with connected.state.read() as connection:
        assert agreement(comparisons.newest(connection)["price"]) == words


def test_what_differs(connected):
    """Each place with what both systems say, a page at a time; Repair starts what puts it right."""
    keep(connected, 150)
    first, second = (connected.get(f"/reconcile/price?page={number}").text for number in (1, 9))
    assert (first.count("<tr><th scope"), second.count("<tr><th scope")) == (101, 51)
    assert "SKU-0000" in first
    assert "SKU-0149" in second
    assert "&lt;b&gt;" in first
    assert "put right by the run" in connected.act("/reconcile/repair", "/reconcile", entity="price")
    assert connected.runs.started == [("Reconcile/Reconcile", {"entity": "price", "put_right": True})]
    assert connected.get("/reconcile/order").status_code == 404


def test_why_nothing_was_compared(connected):
    """A comparison that could not be made says why, and no number."""
    keep(connected, 0, 0, why_not="price is paused; resume it.")
    text = connected.get("/reconcile").text
    assert "price is paused; resume it." in text
    assert "nothing to compare" not in text
    assert "agree" not in connected.get("/").text

"""Reconcile on pages: the number, what differs, and putting it right."""

from datetime import timedelta

import msgspec
import pytest
from support.workspace import NOW

from app.listeners.sync_progress import SyncProgress
from connector.model.difference import Difference
from connector.state.operator import comparisons
from web.pages.reconcile import agreement


def keep(site, differing, places=20_412, **more):
    """Prices were compared an hour ago."""
    rows = [Difference(f"KEY-{n}", "", f"SKU-{n:04}", "9.49", "<b>", "", "other_value") for n in range(differing)]
    comparisons.store(site.state, "price", places, rows, NOW - timedelta(hours=1), **more)


def test_nothing_was_compared(connected):
    """It says so, and starts what compares."""
    assert connected.get("/reconcile").text.count("Not compared yet.") == 4
    assert "Every active entity is compared by the run" in connected.act(
        "/reconcile/compare", "/reconcile", entity="all"
    )
    assert "Price is compared by the run" in connected.act("/reconcile/compare", "/reconcile", entity="price")
    assert "name an entity" in connected.act("/reconcile/compare", "/reconcile", entity="x")
    assert connected.runs.started == [
        ("Reconcile/Reconcile", {"entity": "all"}),
        ("Reconcile/Reconcile", {"entity": "price"}),
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
    assert (first.count('<th scope="row">'), second.count('<th scope="row">')) == (100, 50)
    assert "SKU-0000" in first
    assert "SKU-0149" in second
    assert "&lt;b&gt;" in first
    assert "what differs is put right, by the run" in connected.act("/reconcile/repair", "/reconcile", entity="price")
    assert connected.runs.started == [("Reconcile/Reconcile", {"entity": "price", "put_right": True})]
    assert connected.get("/reconcile/order").status_code == 404


def test_by_cause(connected):
    """Each cause with its count and what becomes of it; one is shown alone and repaired alone. What failed is not
    repaired here, but leads to its messages.
    """
    values = [Difference(f"K-{n}", "", f"S-{n}", "5", "9", "", "other_value") for n in range(2)]
    failed = Difference("GONE", "", "GONE", "", "", "no product with this SKU", "unknown_sku")
    comparisons.store(connected.state, "price", 10, [failed, *values], NOW)
    text = connected.get("/reconcile/price").text
    assert "2 × Magento shows another value" in text
    assert '<a href="/failed/group?entity=price&amp;code=unknown_sku">What to do</a>' in text
    assert text.count(">Repair these</button>") == 1
    alone = connected.get("/reconcile/price?cause=other_value").text
    assert ("S-1" in alone, "GONE" in alone) == (True, False)
    words = connected.act("/reconcile/repair", "/reconcile/price", entity="price", cause="other_value")
    assert "what differs for the cause “Magento shows another value” is put right, by the run" in words
    assert connected.runs.started == [
        ("Reconcile/Reconcile", {"entity": "price", "put_right": True, "cause": "other_value"})
    ]


def test_ticked_records_are_repaired(connected):
    """Those alone; without a tick nothing is started."""
    keep(connected, 3)
    ticked = {"entity": "price", "what": "ticked", "cause": ""}
    assert "tick the records first" in connected.act("/reconcile/repair", "/reconcile/price", **ticked)
    words = connected.act("/reconcile/repair", "/reconcile/price", **ticked, key=["KEY-0", "KEY-2", "KEY-2"])
    assert "the 2 ticked records are put right" in words
    assert "name an entity" in connected.act("/reconcile/repair", "/reconcile", entity="all")
    assert connected.runs.started == [
        ("Reconcile/Reconcile", {"entity": "price", "put_right": True, "keys": ["KEY-0", "KEY-2"]})
    ]


def test_a_comparison_at_work(connected):
    """The card says that it works, since when and how far it is."""
    one = SyncProgress(began_at=NOW, at=NOW, read=24_000)
    comparisons.record_progress(connected.state, "price", NOW, NOW, msgspec.json.encode(one).decode())
    comparisons.record_progress(connected.state, "order", NOW, NOW, None)
    text = connected.get("/reconcile").text
    assert text.count("Being compared") == 2
    assert "Since 10:00:00 EST: 24,000 read" in text


def test_why_nothing_was_compared(connected):
    """A comparison that could not be made says why, and no number."""
    keep(connected, 0, 0, why_not="price is paused; resume it.")
    text = connected.get("/reconcile").text
    assert "price is paused; resume it." in text
    assert "nothing to compare" not in text
    assert "agree" not in connected.get("/").text

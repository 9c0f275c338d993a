"""Activity: what went to Magento by day, in the tenant's zone, and which answers took long."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from support.workspace import NOW

from connector.state.operator.deliveries import Hour
from connector.state.rows import upsert
from connector.state.schema import hosts, micros, requests
from web.pages.activity import Sums, days_of


@pytest.fixture
def busy(connected):
    """Requests of two entities: today, an hour ago and yesterday, one of them slow and one that brought nothing."""
    lists = dict.fromkeys(("targets", "seqs", "new_values", "old_values"), "[]")
    sent = [("price", 1, 100, 2.0), ("price", 1, 100, 12.5), ("order", 2, 0, 1.0), ("price", 30, 50, 3.0)]
    with connected.state.write() as connection:
        for entity, hours, count, seconds in sorted(sent, key=lambda one: -one[1]):
            at = micros(NOW - timedelta(hours=hours))
            row = {
                **lists,
                "entity": entity,
                "fence": 1,
                "state": "settled",
                "sent": count,
                "failed": 0 if count else 3,
            }
            row |= {"sent_at": at, "settled_at": at + int(seconds * 1_000_000)}
            connection.execute(requests.insert().values(row))
    return connected


def test_by_day_and_entity(busy):
    """Requests, records and requests for a thousand of them; where nothing was taken there is no such number."""
    text = busy.get("/activity").text
    today, yesterday = text.index("2026-11-24"), text.index("2026-11-23")
    assert today < yesterday
    row = text[today:yesterday]
    assert '>200</a></td><td class="number">2</td>' in row
    assert '<td class="number">10</td>' in row
    assert '>0</a></td><td class="number">1</td>' in row
    assert "–" in row


def test_the_slowest_answers(busy):
    """Of the last day, the slowest first."""
    text = busy.get("/activity").text.partition("Slowest answers")[2]
    assert text.index("12 s") < text.index("2.0 s") < text.index("1.0 s")
    assert "3.0" not in text


def test_what_was_sent_stands_before_how_fast_it_went(busy):
    """The first question on the page is what changed; both systems' load comes below."""
    text = busy.get("/activity").text
    assert text.index("By day") < text.index("Load and speed") < text.index("Slowest answers")


def test_how_long_answers_take(busy):
    """Half of them and 95 of a hundred, here and among the figures for programs."""
    assert "<dt>Magento answers price in</dt><dd>12 s</dd>" in busy.get("/activity").text
    text = busy.get("/metrics").text
    assert 'a2m_request_seconds{entity="price",quantile="0.5"} 12.5' in text
    assert 'a2m_request_seconds{entity="order",quantile="0.99"} 1.0' in text


def test_acumaticas_licence(connected):
    """Sessions in use of those that are allowed; requests a minute once somebody has looked twice."""

    def requests_sent(number):
        with connected.state.write() as connection:
            upsert(connection, hosts, [{"host": "erp.example.com", "requests": number}])

    requests_sent(100)
    text = connected.get("/activity").text
    assert '<dd>0 <span class="beside">of ' in text
    assert '<dd>– <span class="beside">' in text
    connected.wait(timedelta(seconds=30))
    requests_sent(125)
    assert '<dd>50 <span class="beside">' in connected.get("/activity").text
    assert "a2m_acumatica_requests_total 125.0" in connected.get("/metrics").text


def test_what_people_did(busy):
    """Whatever they did on these pages, with who."""
    busy.act("/pause", entity="price")
    assert '<td class="tight">this machine</td><td>Price is paused.' in busy.get("/activity").text


def test_nothing_was_sent(site):
    """It says so."""
    assert "Nothing was sent yet." in site.get("/activity").text


def test_a_day_is_the_tenants():
    """Late in the evening there it is the same day still, though not in UTC."""
    late = Hour(NOW.replace(hour=3), "price", 2, 1_000, 0)
    (day,) = days_of([late, late], ZoneInfo("America/New_York"))
    assert day.day.isoformat() == "2026-11-23"
    assert day.entities == {"price": Sums(4, 2_000, 0)}
    assert day.entities["price"].per_thousand == 2

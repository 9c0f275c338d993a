"""What was sent on a day, record by record: from which value to which, and what became of it."""

import csv
import io

import pytest
from support.isolation import present_worlds
from support.workspace import Site

from sandbox.catalogue import Product
from settings import load_settings


@pytest.fixture
async def site(tmp_path, monkeypatch, home, quick_hashes):
    """A workspace in which the prices of two products were sent, one of which changed and one that Magento refused."""
    with present_worlds(tmp_path, monkeypatch) as make_world:
        here = make_world([Product(sku, "x", 9_490_000, {"MAIN": 30_000}) for sku in ("A-1", "=B & <b>")])
        await here.sync("price", load_settings())
        here.change({"set_price": {"inventory_id": "A-1", "price": "12.5"}})
        await here.sync("price", load_settings())
        here.change({"set_price": {"inventory_id": "=B & <b>", "price": "14"}})
        here.faults.replace("magento POST path=*/base-prices: status=400")
        await here.sync("price", load_settings())
        made = Site(here.state)
        made.now = here.clock.now()
        made.day = made.now.astimezone(load_settings().acumatica.zone()).date().isoformat()
        yield made


async def test_what_changed_on_a_day(site):
    """Activity leads there: each record with the value before, what Magento answered, and a way to the record."""
    assert f'href="/activity/sent?entity=price&amp;day={site.day}"' in site.get("/activity").text
    text = site.get(f"/activity/sent?entity=price&day={site.day}").text
    assert '<a href="/record/price?key=A-1">A-1</a>' in text
    assert '<td data-label="Sent" class="number">12.5</td><td data-label="Before" class="number">9.49</td>' in text
    assert text.count(">Accepted</span>") == 3
    assert text.count(">Failed</span>") == 1
    assert text.index(">14<") < text.index(">12.5<")
    assert "<b>" not in text
    assert "restore the Setup Parameters" in text


async def test_a_day_without_anything(site):
    """It says so; what is no day or no entity is no page."""
    for address in ("entity=order&day=2026-01-31", f"entity=price&day={site.day}&before=1"):
        assert "Nothing was sent" in site.get(f"/activity/sent?{address}").text
    for address in ("entity=price&day=yesterday", "entity=price&day=9999-12-31", "entity=x&day=2026-01-31", ""):
        assert site.get(f"/activity/sent?{address}").status_code == 404
        assert site.get(f"/activity/sent.csv?{address}").status_code == 404


async def test_as_a_file(site):
    """All of the day with the values before; no cell is calculated by a spreadsheet."""
    answer = site.get(f"/activity/sent.csv?entity=price&day={site.day}")
    assert f"sent-price-{site.day}.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["key"], row["value"], row["before"], row["why"][:7]) for row in rows[:2]] == [
        ("'=B & <b>", "14", "9.49", "Refused"),
        ("A-1", "12.5", "9.49", ""),
    ]
    assert len(rows) == 4

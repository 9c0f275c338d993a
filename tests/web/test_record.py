"""One record on a page: found as people type it, explained, and synced now."""

import pytest
from support.isolation import present_worlds
from support.workspace import Site

from sandbox.catalogue import Product
from settings import load_settings


@pytest.fixture
async def site(tmp_path, monkeypatch, home, quick_hashes):
    """A workspace in which the prices and quantities of three products were sent."""
    with present_worlds(tmp_path, monkeypatch) as make_world:
        skus = ("A-1", "B & <b>", "C-3")
        here = make_world([Product(sku, "x", 9_490_000, {"MAIN": 30_000}) for sku in skus])
        for entity in ("price", "inventory"):
            await here.sync(entity, load_settings())
        made = Site(here.state)
        made.world = here
        made.now = here.clock.now()
        yield made


async def test_several_records_with_one_name(site):
    """A SKU is a price and a quantity: both are found, in any spelling."""
    text = site.get("/record?q=a-1").text
    assert '<a href="/record/price?key=A-1">Price A-1</a>' in text
    assert '<a href="/record/inventory?key=A-1">Inventory A-1</a>' in text
    assert "No sync has seen" not in text


async def test_nothing_is_found(site):
    """It says so, with what is near, and can be asked for in Acumatica."""
    text = site.get("/record?q=A-11").text
    assert "No sync has seen A-11." in text
    assert 'Did you mean <a href="/record/price?key=A-1">Price A-1</a>' in text
    assert "is read and sent by the run brave-otter" in site.act("/record/sync", "/record", entity="price", key="A-11")
    assert site.runs.started == [("One Key Now/One Key Now", {"entity": "price", "key": "A-11"})]
    assert "name an entity and a key" in site.act("/record/sync", "/record", entity="nothing", key="A-11")


async def test_why_magento_shows_it(site):
    """What Acumatica says, what was confirmed, and what it was last told; nothing of it is markup."""
    text = site.get("/record/price", params={"key": "B & <b>"}).text
    assert "Price B &amp; &lt;b&gt;" in text
    assert "9.49 for B &amp; &lt;b&gt;" in text
    assert "<b>" not in text
    assert "9.49, sent, " in text
    assert "0 attempts" not in text
    assert " UTC" not in text.replace("UTC</time>", "")
    assert "Nothing known" in site.get("/record/price?key=nowhere").text
    assert site.get("/record/nothing?key=A-1").status_code == 404
    assert site.get("/record/price").status_code == 404


async def test_what_magento_was_sent(site):
    """Every delivery of the record, the newest first: the value, the one before, what became of it and why."""
    site.world.change({"set_price": {"inventory_id": "A-1", "price": "12.5"}})
    site.world.faults.replace("magento POST path=*/base-prices: status=400")
    await site.world.sync("price", load_settings())
    site.world.faults.replace("")
    site.world.clock.advance(60)
    site.world.change({"set_price": {"inventory_id": "A-1", "price": "14"}})
    await site.world.sync("price", load_settings())
    site.now = site.world.clock.now()
    text = site.get("/record/price?key=A-1").text
    timeline = text[text.index("What Magento was sent") : text.index("Why it shows that")]
    values = ["<strong>14</strong>", "<strong>12.5</strong>", "<strong>9.49</strong>"]
    assert sorted(values, key=timeline.index) == values
    assert timeline.count("instead of 9.49") == 2
    assert timeline.count(">Accepted</span>") == 2
    assert timeline.count(">Failed</span>") == 1
    assert timeline.count(" EST</time>") == 3


async def test_what_magento_shows_now(site, monkeypatch):
    """It is asked on demand, as a part of the page or as one of its own; where it cannot be, why."""
    part = site.get("/record/price/now?key=A-1", headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert "9.49" in part
    assert "<html" in site.get("/record/price/now?key=A-1").text
    monkeypatch.setenv("A2M_MAGENTO__URL", "http://127.0.0.1:1")
    assert '<p class="bad last">' in site.get("/record/price/now?key=A-1").text


async def test_only_one_is_found(site, monkeypatch):
    """It is shown at once."""
    monkeypatch.setattr(
        "app.record_keys.known_keys", lambda _state, entity, typed: [typed] if entity == "order" else []
    )
    assert site.get("/record?q=SO 000003").headers["location"] == "/record/order?key=SO+000003"

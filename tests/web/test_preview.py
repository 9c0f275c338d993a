"""Before a setting is saved, the page says what it would change."""

import re
import time

import pytest
from support.isolation import present_worlds
from support.workspace import Site

from connector.state.operator import saved_settings
from sandbox.catalogue import Product
from settings import load_settings
from web.previews import REMEMBERED, Previews


@pytest.fixture
async def priced(tmp_path, monkeypatch, home):
    """A workspace in which three prices were sent."""
    with present_worlds(tmp_path, monkeypatch) as make_world:
        prices = {"A": 9_490_000, "B": 5_000_000, "C": 250_000}
        here = make_world([Product(sku, "x", price, {"MAIN": 1}) for sku, price in prices.items()])
        await here.sync("price", load_settings())
        site = Site(here.state)
        site.now = here.clock.now()
        yield site


def of(answer, site):
    """The preview that a page shows, once it is over."""
    name = re.search(r'hx-get="/setup/preview/([\w-]+)"', answer.text)
    while name is not None:
        time.sleep(0.02)
        answer = site.get(f"/setup/preview/{name[1]}", headers={"HX-Request": "true"})
        name = re.search(r'hx-get="/setup/preview/([\w-]+)"', answer.text)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text.partition('id="preview"')[2]))


def test_what_a_rounding_would_change(priced):
    """How many, what goes to 0, and examples; what was typed stays, and nothing is saved."""
    page = "/setup/price"
    given = {"p.rounding": "1", "f.rounding": "0", "p.allow_zero": "1", "f.allow_zero": "on", "version": "0"}
    answer = priced.post(page, page, **given, preview="1")
    assert answer.status_code == 200
    assert 'name="f.rounding" value="0"' in answer.text
    text = of(answer, priced)
    assert "2 of 3 change , 1 go to 0" in text
    assert "A 9.49 9" in text
    assert "Nothing is saved or sent yet." in text
    with priced.state.read() as connection:
        assert saved_settings.newest_number(connection) == 0


def test_what_changes_nothing(priced):
    """A setting that no value depends on changes nothing."""
    given = {"p.batch_count": "1", "f.batch_count": "7", "version": "0", "preview": "1"}
    assert "Nothing: no price" in of(priced.post("/setup/queue", "/setup/queue", **given), priced)


def test_a_wrong_value_is_refused_first(priced):
    """What could not be saved is not foreseen."""
    given = {"p.batch_count": "1", "f.batch_count": "0", "version": "0", "preview": "1"}
    answer = priced.post("/setup/queue", "/setup/queue", **given)
    assert (answer.status_code, 'id="preview"' in answer.text) == (422, False)


def test_a_preview_that_is_not_known(priced):
    """Another process's, or one of long ago."""
    assert priced.get("/setup/preview/nothing").status_code == 404


def test_the_last_ones_are_remembered(priced):
    """However many are begun, the process keeps few of them."""
    previews, settings = Previews(), load_settings()
    names = [previews.begin(settings, settings, priced.state) for _ in range(REMEMBERED + 1)]
    assert previews.get(names[0]) is None
    while not all(one.is_over for name in names[1:] if (one := previews.get(name))):
        time.sleep(0.01)

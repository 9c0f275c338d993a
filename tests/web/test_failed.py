"""Failed messages on pages: groups, what is in them, and what a person does with some or all of them."""

import csv
import io
import re

import pytest
from support.isolation import present_worlds
from support.workspace import RUN, Site

from connector.state.queue import messages
from sandbox.catalogue import Product
from settings import load_settings

SENT = {"back": "groups", "which": "all", "entity": "price", "code": "unknown_sku"}


@pytest.fixture
async def failing(tmp_path, monkeypatch, home, quick_hashes):
    """A workspace in which the prices of 60 products failed, because Magento has none of them."""
    with present_worlds(tmp_path, monkeypatch) as make_world:
        names = [f"SKU-{number:03}" for number in range(58)] + ["=1+1", "<b>bold</b>"]
        here = make_world([Product(name, "x", 5_000_000, {"MAIN": 30_000}) for name in names], shop_products=[])
        await here.sync("price", load_settings())
        site = Site(here.state)
        site.now = here.clock.now()
        site.world = here
        yield site


def failed(site):
    """The failed messages, by SKU."""
    with site.state.read() as connection:
        return {one.sku: one for one in messages.failed(connection)}


def test_groups(failing):
    """A group has its count, what it means and what to do, with the setting as the screen calls it."""
    text = failing.get("/failed").text
    assert "Price: Unknown SKU" in text
    assert '<span class="badge bad">60</span>' in text
    assert "Magento has no product with this SKU." in text
    assert '<a href="/setup/items#items-unknown_sku">Unknown SKU</a> to skip' in text
    assert '>All <span class="number">60</span></a>' in text
    assert '>Price <span class="number">60</span></a>' in text
    assert ">Order</a>" in text
    assert "Nothing failed." in failing.get("/failed?entity=order").text
    assert failing.get("/failed?entity=nothing").status_code == 404


def test_a_group_does_not_repeat_its_heading(failing):
    """Each message of a group has its own part of the reason and its value in a column; the label is the heading."""
    text = failing.get("/failed/group?entity=price&code=unknown_sku").text
    assert "<td>Magento has no product with the SKU &#39;SKU-000&#39;.</td>" in text
    assert '<td class="number" data-label="Value">5</td>' in text
    assert (
        "<td>Unknown SKU: Magento has no product with the SKU &#39;SKU-000&#39;.</td>"
        in failing.get("/failed/group").text
    )


def test_every_page_says_how_many_failed_and_whose_times_it_shows(failing):
    """The count stands beside Failed messages in the head of each page; its foot names the time zone. The login, which
    anybody sees, has neither.
    """
    for path in ("/", "/record", "/setup", "/setup/queue", "/activity"):
        text = failing.get(path).text
        assert 'Failed messages <span class="count">60</span></a>' in text, path
        assert "Times are those of America/New_York (EST), the tenant's time zone." in text, path
    failing.add_user()
    login = failing.get("/login").text
    assert 'class="count"' not in login
    assert "Times are those" not in login


def test_a_group_is_shown_a_page_at_a_time(failing):
    """However many there are, a page has fifty; a page that does not exist is the last one."""
    first = failing.get("/failed/group?entity=price&code=unknown_sku").text
    assert first.count('name="id"') == 50
    assert "1–50 of 60" in first
    for page in ("2", "99"):
        last = failing.get(f"/failed/group?entity=price&code=unknown_sku&page={page}").text
        assert last.count('name="id"') == 10
        assert "51–60 of 60" in last
    for page in ("0", "-1", "x", "²", "9" * 30):
        assert "1–50 of 60" in failing.get(f"/failed/group?code=unknown_sku&page={page}").text


def test_a_filter(failing):
    """A text in the key or the reason, in any case, chooses some; nothing that is typed is read as markup."""
    text = failing.get("/failed/group?entity=price&code=unknown_sku&text=sku-01").text
    assert "1–10 of 10" in text
    strange = failing.get("/failed/group?entity=price&text=<b>bold").text
    assert "&lt;b&gt;bold&lt;/b&gt;" in strange
    assert "<b>bold" not in strange
    assert "No failed message matches." in failing.get("/failed/group?code=unknown_sku&text=nowhere").text


async def test_some_are_sent_again(failing):
    """Those that are ticked go with the next sync, which is started; the page says so and links to the run."""
    chosen = failed(failing)
    ids = [str(chosen[name].id) for name in ("SKU-003", "SKU-004")]
    answer = failing.post("/failed/send-again", id=ids, entity="price", code="unknown_sku", which="ticked")
    shown = failing.get(answer.headers["location"]).text
    assert "2 messages are sent again, with the newest state of Acumatica." in shown
    assert f'href="http://127.0.0.1:4200/runs/flow-run/{RUN}"' in shown
    assert failing.runs.started == [("price/A to M: price", {})]
    assert sorted(sku for sku, one in failed(failing).items() if one.cause == "send_again") == ["SKU-003", "SKU-004"]
    assert "1 message" not in shown


async def test_what_became_of_those_sent_again(failing):
    """The history says it: failed until the next sync, and then sent, once Magento has the product."""
    chosen = failed(failing)
    ids = [str(chosen[name].id) for name in ("SKU-003", "SKU-004")]
    failing.act("/failed/send-again", id=ids, entity="price", code="unknown_sku", which="ticked")
    assert "Now: 2 failed." in failing.get("/failed").text
    failing.world.change_shop({"add_product": {"sku": "SKU-003"}})
    await failing.world.sync("price", load_settings())
    assert re.search(r"Now: (1 sent, 1 failed|1 failed, 1 sent)\.", failing.get("/failed").text)


async def test_a_whole_group_is_sent_again(failing):
    """All of it, also where it has many pages, and only it."""
    assert "60 messages are sent again" in failing.act("/failed/send-again", **SENT)
    assert {one.cause for one in failed(failing).values()} == {"send_again"}


async def test_sent_again_without_prefect(failing):
    """It is asked for all the same, and the page says that it goes with the next sync."""
    failing.runs.fault = "Prefect does not answer."
    shown = failing.act("/failed/send-again", **SENT)
    assert "60 messages are sent again" in shown
    assert "Price goes with its next sync: Prefect does not answer." in shown


async def test_nothing_is_ticked(failing):
    """It says what to do first, and nothing happens."""
    before = failed(failing)
    for path, more in (("/failed/send-again", {}), ("/failed/skip", {"reason": "x"})):
        assert "tick the messages first" in failing.act(path, entity="price", code="unknown_sku", **more)
        assert "tick the messages first" in failing.act(path, id=["nonsense", "999999"], **more)
    assert failed(failing) == before


async def test_some_are_skipped(failing):
    """With a reason, which stands with the message and in the history with who did it."""
    one = failed(failing)["SKU-003"]
    assert "say why" in failing.act("/failed/skip", id=str(one.id), reason=" ")
    shown = failing.act("/failed/skip", id=str(one.id), reason="made by <hand>")
    assert "1 message is skipped: made by &lt;hand&gt;." in shown
    assert "SKU-003" not in failed(failing)
    with failing.state.read() as connection:
        (now,) = messages.by_ids(connection, [one.id])
    assert (now.state, now.reason) == ("skipped", "By hand: made by <hand>")
    history = failing.get("/failed").text.partition("What people did")[2]
    assert re.search(r"this machine</td>\s*<td>1 message is skipped: made by &lt;hand&gt;\.", history)


async def test_many_are_skipped_by_a_run(failing, monkeypatch):
    """Each message is skipped by itself, so of many a run in Prefect takes care; with a filter that it does not know
    they are refused.
    """
    monkeypatch.setattr("web.pages.failed.MOST_SKIPPED", 5)
    assert "60 messages are being skipped by the run" in failing.act("/failed/skip", **SENT, reason="not ours")
    ((deployment, parameters),) = failing.runs.started
    assert deployment == "Reprocess Failed Messages/Reprocess Failed Messages"
    assert parameters == {"what": "Skip them", "entity": "price", "cause": "unknown_sku", "reason": "not ours"}
    assert "At most 5 messages" in failing.act("/failed/skip", **SENT, text="SKU-0", reason="not ours")
    assert len(failed(failing)) == 60


async def test_one_message(failing):
    """Its page says why it failed and what to do; a price has no link."""
    one = failed(failing)["<b>bold</b>"]
    text = failing.get(f"/failed/message?id={one.id}").text
    assert "Price &lt;b&gt;bold&lt;/b&gt;" in text
    assert "Send again" in text
    assert "Id in Magento" not in text
    assert failing.get("/failed/message?id=nothing").status_code == 404
    assert "has no links" in failing.act("/failed/link", id=str(one.id), magento_id="7")


async def test_an_order_is_linked(failing, monkeypatch):
    """A run in Prefect asks both systems and stores the link."""
    monkeypatch.setattr("web.pages.failed.linked", lambda: ("price",))
    one = failed(failing)["SKU-003"]
    assert "is a number" in failing.act("/failed/link", id=str(one.id), magento_id="#7")
    assert "is being linked to 7 by the run brave-otter" in failing.act("/failed/link", id=str(one.id), magento_id="7")
    expected = {"entity": "price", "key": one.key, "magento_id": "7"}
    assert failing.runs.started == [("Link a Document/Link a Document", expected)]


def test_csv(failing):
    """All that the filter chooses, for a spreadsheet, which calculates nothing of it."""
    answer = failing.get("/failed.csv?entity=price")
    assert answer.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 60
    assert {"'=1+1", "SKU-000", "<b>bold</b>"} <= {row["key"] for row in rows}
    assert {row["cause"] for row in rows} == {"unknown_sku"}


def test_overview_leads_to_the_group(failing):
    """What needs a person stands on the Overview, with a link to its group."""
    text = failing.get("/").text
    assert "Price: 60 messages failed – Unknown SKU" in text
    assert 'href="/failed/group?entity=price&amp;code=unknown_sku"' in text
    assert 'aria-label="Last 24 hours: 0 sent, 60 failed"' in text


def test_a_message_that_is_not_failed_any_more(failing):
    """A link to it says why there is nothing."""
    answer = failing.get("/failed/message?id=999.1")
    assert answer.status_code == 404
    assert "This message is not failed, or no longer." in answer.text
    assert "This message" not in failing.get("/nowhere").text

"""Overview: how each entity stands, what needs a person, and the buttons that help."""

from datetime import timedelta

import msgspec
import pytest
from support.workspace import NOW, RUN

from app.listeners.sync_progress import SyncProgress
from connector.state.coordination import lease, wakeups
from connector.state.operator import overview
from connector.state.schema import micros, requests, targets
from connector.state.sync import entities
from entities.names import NAMES


def remember(site, entity, words="3 changed, 3 sent in 1 request", ago=timedelta(seconds=30)):
    """A sync of the entity has ended."""
    with site.state.write() as connection:
        entities.remember_sync(connection, entity, NOW - ago, words, did_nothing=False, full=False)


def test_nothing_is_set_up(site):
    """At first one thing needs a person: the connection, with what is missing."""
    text = site.get("/").text
    assert "Connect Acumatica and Magento" in text
    assert '<a href="/setup/magento#magento-url">Magento URL</a>' in text
    assert "Sync now" not in text


def test_a_card_for_each_entity(connected):
    """Each says what it did last and when, in the order in which they run; an inactive one says so."""
    remember(connected, "price")
    text = connected.get("/").text
    places = [text.index(f'id="{entity}-title"') for entity in NAMES]
    assert places == sorted(places)
    assert "Last one with changes: 3 changed, 3 sent in 1 request" in text
    assert 'title="2026-11-24 09:59:30 EST">30 seconds ago' in text
    assert text.count("Not active") == 1
    assert "Nothing needs your attention." in text


def test_only_what_is_refreshed(connected):
    """While somebody looks the page asks for its inner part alone."""
    part = connected.get("/", headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert 'id="price-title"' in part


def test_a_run_at_work(connected):
    """A card says that a run works, and which; one of Prefect's is a link."""
    lease.acquire(connected.state, "price", "run brave-otter", NOW, run_id=RUN)
    lease.acquire(connected.state, "order", "anna", NOW)
    text = connected.get("/").text
    assert text.count("Running now") == 2
    assert f'href="http://127.0.0.1:4200/runs/flow-run/{RUN}" rel="noreferrer">run brave-otter</a>' in text
    assert "At work: anna" in text


@pytest.mark.parametrize("path", ["/", "/activity"])
def test_how_far_a_sync_is(connected, path):
    """While it reads the page says what was read so far; then how much is sent, and how long the rest takes."""
    held = lease.acquire(connected.state, "price", "run brave-otter", NOW, run_id=RUN)
    one = SyncProgress(began_at=NOW, at=NOW, full=True, read=24_000, queued=23_000, done=400)
    lease.show_progress(connected.state, held, msgspec.json.encode(one).decode())
    assert "Reading everything: 24,000 read, 23,000 to send, 400 of them sent" in connected.get(path).text
    one.is_reading, one.done, one.sends_since = False, 1, NOW - timedelta(seconds=90)
    with connected.state.write() as connection:
        wanted = {"entity": "price", "state": "pending", "wanted_at": micros(NOW), "changed_at": micros(NOW)}
        rows = [{**wanted, "key": key, "acumatica_key": key} for key in ("SKU-1", "SKU-2")]
        connection.execute(targets.insert(), rows)
    lease.show_progress(connected.state, held, msgspec.json.encode(one).decode())
    text = connected.get(path).text
    assert "1 of 3 sent, about 3 minutes left" in text
    assert '<progress max="1" value="0.3333"' in text
    assert f'href="http://127.0.0.1:4200/runs/flow-run/{RUN}"' in text


def test_how_long_until_it_is_visible(connected):
    """A card has the time from reading a value to Magento's acceptance: half of them, and 95 of a hundred."""
    lists = dict.fromkeys(("targets", "seqs", "new_values", "old_values"), "[]")
    with connected.state.write() as connection:
        for seconds in (4, 4, 4, 90):
            at = {"oldest_wanted_at": micros(NOW - timedelta(seconds=seconds)), "settled_at": micros(NOW)}
            sent = {"entity": "price", "state": "settled", "fence": 1, "sent": 1, "sent_at": micros(NOW), **at}
            connection.execute(requests.insert().values(**lists, **sent))
    text = connected.get("/").text
    assert "<dd>4.0 s</dd>" in text
    assert "95 % in 90 s" in text


def test_runs_that_fail(connected):
    """What ends an entity's runs stands first, with Test Connection beside it."""
    entities.remember_fault(connected.state, "order", NOW, "Magento refuses <the> token (401).")
    text = connected.get("/").text
    assert "Order: runs fail" in text
    assert "Magento refuses &lt;the&gt; token (401)." in text
    assert '<form class="inline" method="post" action="/test-connection">' in text


def test_a_system_that_is_away_is_one_thing_to_do(connected):
    """Runs of several entities that end by one fault need a person once, since the first of them; each card says that
    its runs fail instead of calling it active.
    """
    for entity, minutes in (("price", 3), ("inventory", 2)):
        entities.remember_fault(connected.state, entity, NOW - timedelta(minutes=minutes), "Magento does not answer.")
    text = connected.get("/").text
    assert "Price, inventory: runs fail" in text
    assert text.count("Magento does not answer.") == 1
    assert "2026-11-24 09:57:00 EST</time>, 3 minutes. Nothing is lost" in text
    assert text.count('<span class="badge bad">Runs fail</span>') == 2


def test_syncs_that_found_nothing(connected):
    """Where nothing ever changed the card says so; it does not give the last sync the work of an earlier one."""
    remember(connected, "price", "nothing changed")
    assert "Nothing has changed so far." in connected.get("/").text


def test_which_tenant_goes_to_which_shop(connected):
    """The page names both systems by their addresses: a test shop is not taken for the shop."""
    assert "erp.example.com (Company) → shop.example.com; refreshed" in connected.get("/").text


def test_no_sync_for_long(connected):
    """An active entity without a sync is late; one that is paused may be silent."""
    remember(connected, "price", ago=timedelta(minutes=20))
    remember(connected, "inventory", ago=timedelta(minutes=20))
    connected.act("/pause", entity="inventory")
    text = connected.get("/").text
    assert "Price: no sync" in text
    assert "Inventory: no sync" not in text


def test_pause_and_resume(connected):
    """Both are done at once, told on the page, and kept with who did it."""
    assert "Price is paused." in connected.act("/pause", entity="price")
    with connected.state.read() as connection:
        assert overview.of_entity(connection, "price", NOW).paused
    assert '<button type="submit" class="primary">Resume</button>' in connected.get("/").text
    assert connected.act("/resume", entity="price") == "Price is resumed."
    with connected.state.read() as connection:
        assert not overview.of_entity(connection, "price", NOW).paused
    assert [(one.action, one.entity) for one in connected.done()] == [("pause", "price"), ("resume", "price")]


def test_sync_now(connected):
    """It starts the entity's deployment in Prefect, and says which run."""
    assert connected.act("/sync", entity="price").startswith("Price: the run brave-otter is started.")
    assert connected.runs.started == [("price/A to M: price", {})]


def test_sync_now_without_prefect(connected):
    """Where no run can be started the page says why, and the next run syncs at once."""
    connected.runs.fault = "Prefect does not answer."
    assert "No run was started: Prefect does not answer." in connected.act("/sync", entity="price")
    with connected.state.read() as connection:
        assert wakeups.sync_requested(connection, "price", NOW - timedelta(seconds=1))
    assert connected.done()[-1].action == "sync.refused"


@pytest.mark.parametrize("entity", ["", "nothing", "<b>"])
def test_an_entity_that_does_not_exist(connected, entity):
    """It is refused by name, and nothing is started."""
    connected.act("/sync", entity=entity)
    assert connected.runs.started == []


def test_an_inactive_entity_is_not_synced(connected):
    """It says where it is switched on."""
    assert "not active (Individual Sync Status)" in connected.act("/sync", entity="customer")


def test_what_was_done_is_shown_to_who_did_it(connected):
    """An address with the number of something that somebody else did shows nothing of it."""
    connected.act("/pause", entity="price")
    number = connected.done()[-1].number
    connected.add_user()
    connected.log_in()
    for done in (str(number), "999999", "x", "-1", "9" * 40):
        assert "Price is paused" not in connected.get(f"/?done={done}").text


def test_a_setting_is_wrong(site, monkeypatch):
    """The page names it as the screen does, and nothing else is shown."""
    monkeypatch.setenv("A2M_QUEUE__BATCH_COUNT", "0")
    answer = site.get("/")
    assert answer.status_code == 503
    assert "Batch Count (A2M_QUEUE__BATCH_COUNT) = 0" in answer.text

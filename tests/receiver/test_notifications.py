"""The receiver of Acumatica's push notifications, by HTTP."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connector.state.coordination import lease, wakeups
from connector.state.engine import open_state
from connector.state.sync import entities
from receiver.app import LARGEST_BODY, STARTS_REST, NotStarted, create_app

SECRET = "secret-of-a-test"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NOTIFICATION = {"Id": "5e3b", "Query": "A2M Stock Items", "CompanyId": "Company", "Inserted": [{"InventoryID": "X"}]}


class Here:
    """The receiver in this process, on a clock of the test's own."""

    def __init__(self, state):
        self.state, self.now = state, NOW
        self.started, self.messages, self.fault = [], [], ""
        known = ("price", "inventory", "order")
        app = create_app(
            state,
            secret=SECRET,
            header="X-Secret",
            entities=known,
            now=lambda: self.now,
            start=self._start,
            on_message=self.messages.append,
        )
        self._transport = httpx.ASGITransport(app=app)

    async def _start(self, entity):
        self.started.append((entity, self.now))
        if self.fault:
            raise NotStarted(self.fault)

    async def post(self, path="notify/price", body=NOTIFICATION, secret=SECRET):
        """Send a notification as Acumatica does; gives the status."""
        async with httpx.AsyncClient(transport=self._transport, base_url="http://here") as client:
            content = body if isinstance(body, bytes) else json.dumps(body)
            return (await client.post(f"/{path}", content=content, headers={"X-Secret": secret})).status_code

    def woken(self, entity="price"):
        """When the entity was last woken."""
        with self.state.read() as connection:
            return wakeups.read(connection, entity).asked_at


@pytest.fixture
def here(database_url):
    """A receiver with a new state database, of either kind."""
    state = open_state(database_url)
    yield Here(state)
    state.close()


async def test_a_notification_wakes_its_entities(here):
    """The next sync of every entity in the address comes at once; another entity sleeps on."""
    assert await here.post("notify/price,inventory") == 204
    assert (here.woken("price"), here.woken("inventory"), here.woken("order")) == (NOW, NOW, None)


async def test_the_same_notification_again(here):
    """A duplicate, by id and query, changes nothing; another id or query counts; a day later it is forgotten."""
    await here.post()
    here.now += timedelta(seconds=10)
    assert await here.post() == 204
    assert here.woken() == NOW
    await here.post("notify/order")
    assert here.woken("order") == here.now
    await here.post(body={**NOTIFICATION, "Query": "Another"})
    assert here.woken() == here.now
    here.now += timedelta(days=2)
    await here.post()
    assert here.woken() == here.now


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"secret": "wrong-token-of-a-test"}, 401),
        ({"secret": ""}, 401),
        ({"path": "notify/nothing"}, 404),
        ({"path": ""}, 404),
        ({"body": b"\xff\xfe"}, 400),
        ({"body": b"[]"}, 400),
        ({"body": {"Id": 5, "Query": "x"}}, 400),
        ({"body": {"Id": "x" * 600, "Query": "x"}}, 400),
        ({"body": b" " * (LARGEST_BODY + 1)}, 413),
    ],
)
async def test_what_is_refused(here, asked, status):
    """Without the secret, for no entity, too large or no notification: refused, and nobody is woken."""
    assert await here.post(**asked) == status
    assert here.woken() is None


async def test_where_no_run_works_one_is_started(here):
    """One of each entity in the address; not of one that a run works on, and not of one that is paused."""
    assert await here.post("notify/price,inventory") == 204
    assert here.started == [("price", NOW), ("inventory", NOW)]
    assert here.messages == ["price was woken: a run is started.", "inventory was woken: a run is started."]
    here.now += timedelta(minutes=1)
    held = lease.acquire(here.state, "price", "a run", here.now)
    entities.pause(here.state, ["inventory"], paused=True)
    await here.post("notify/price,inventory", {**NOTIFICATION, "Id": "2"})
    assert len(here.started) == 2
    assert (here.woken("price"), here.woken("inventory")) == (here.now, here.now)
    lease.release(here.state, held)
    await here.post("notify/price", {**NOTIFICATION, "Id": "3"})
    assert here.started[2:] == [("price", here.now)]


async def test_a_run_whose_process_died_does_not_keep_others_from_being_started(here):
    """Its lease runs out."""
    lease.acquire(here.state, "price", "a run that died", NOW)
    await here.post()
    assert here.started == []
    here.now += timedelta(seconds=lease.LEASE_SECONDS + 1)
    await here.post(body={**NOTIFICATION, "Id": "2"})
    assert here.started == [("price", here.now)]


async def test_many_notifications_start_one_run(here):
    """One run of an entity in a while, however many notifications come, one after the other or at once; each counts as
    a wake all the same.
    """
    bodies = [{**NOTIFICATION, "Id": str(number)} for number in range(20)]
    assert await asyncio.gather(*(here.post(body=body) for body in bodies)) == [204] * 20
    assert here.started == [("price", NOW)]
    here.now += STARTS_REST - timedelta(seconds=1)
    await here.post(body={**NOTIFICATION, "Id": "later"})
    assert (len(here.started), here.woken()) == (1, here.now)
    here.now += timedelta(seconds=1)
    await here.post(body={**NOTIFICATION, "Id": "last"})
    assert here.started == [("price", NOW), ("price", here.now)]


async def test_the_same_notification_starts_nothing_again(here):
    """Also when nobody works any more."""
    await here.post()
    here.now += timedelta(minutes=5)
    await here.post()
    assert len(here.started) == 1


async def test_a_run_that_cannot_be_started(here):
    """It is said in words, Acumatica hears nothing of it, the wake stays, and the next entity has its turn."""
    here.fault = "Prefect does not answer."
    assert await here.post("notify/price,order") == 204
    assert here.messages == [
        f"{entity} was woken, but no run could be started. Prefect does not answer. The next scheduled run syncs."
        for entity in ("price", "order")
    ]
    assert (here.woken("price"), here.woken("order")) == (NOW, NOW)


async def test_what_is_refused_starts_nothing(here):
    """Neither without the secret nor with a body that is no notification."""
    await here.post(secret="wrong-token-of-a-test")
    await here.post(body=b"[]")
    assert here.started == []

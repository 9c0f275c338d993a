"""The receiver of Acumatica's push notifications, by HTTP."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connector.queue import wakes
from connector.queue.engine import open_state
from receiver.app import LARGEST_BODY, create_app

SECRET = "secret-of-a-test"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NOTIFICATION = {"Id": "5e3b", "Query": "A2M Stock Items", "CompanyId": "Company", "Inserted": [{"InventoryID": "X"}]}


class Here:
    """The receiver in this process, on a clock of the test's own."""

    def __init__(self, state):
        self.state, self.now = state, NOW
        entities = ("price", "inventory", "order")
        app = create_app(state, secret=SECRET, header="X-Secret", entities=entities, now=lambda: self.now)
        self._transport = httpx.ASGITransport(app=app)

    async def post(self, path="notify/price", body=NOTIFICATION, secret=SECRET):
        """Send a notification as Acumatica does; gives the status."""
        async with httpx.AsyncClient(transport=self._transport, base_url="http://here") as client:
            content = body if isinstance(body, bytes) else json.dumps(body)
            return (await client.post(f"/{path}", content=content, headers={"X-Secret": secret})).status_code

    def woken(self, entity="price"):
        """When the entity was last woken."""
        with self.state.read() as connection:
            return wakes.read(connection, entity).asked_at


@pytest.fixture
def here(database_url):
    """A receiver with a new state database, of either kind."""
    state = open_state(database_url)
    yield Here(state)
    state.close()


async def test_a_notification_wakes_its_entities(here):
    """The next look of every entity in the address comes at once; another entity sleeps on."""
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

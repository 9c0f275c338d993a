"""Whatever instant a look of customers dies at, the next one carries on: nobody is lost, and nobody is made twice."""

import pytest
from support.crashes import Death, look_in_process
from support.customers import Shop, added, theirs

from connector.queue import messages
from connector.queue.lease import LEASE_SECONDS
from connector.queue.tables import PENDING, SENDING
from connector.steps import STEPS

SECTIONS = {
    "magento": {"concurrency": 2},
    "active": {"customer": True},
    "customer": {"classes": ["WHOLESALE"], "groups": {"WHOLESALE": "Wholesale"}},
}
NEW = 3


@pytest.fixture
def story(make_world, tmp_path):
    """Three new customers, one whom the shop has, a look that dies somewhere, a change, and the look that mends it."""

    def tell(death: Death | None = None) -> tuple[object, dict]:
        here = make_world(1)
        sections = here.sections(**SECTIONS)
        here.state.close()
        Shop(here).add("buyer9@example.com", addresses=[theirs(default_billing=True)])
        here.change(*(added(number) for number in (*range(NEW), 9)))

        def look(death: Death | None = None) -> dict:
            here.clock.advance(LEASE_SECONDS + 1)
            told = tmp_path / "reached.json"
            return look_in_process("customer", here.database_url, sections, here.clock.now(), told, death)

        reached = look(death)
        here.change({"set_customer": {"customer_id": "ACME0001", "name": "Renamed Inc"}})
        look()
        look()
        return here, reached

    return tell


def assert_right(here) -> None:
    """Each customer is there once, with the newest state, and the shop's own address; nothing waits or failed."""
    found = Shop(here).all()
    assert sorted(found) == [f"buyer{number}@example.com" for number in (*range(NEW), 9)]
    assert found["buyer1@example.com"]["firstname"] == "Renamed"
    assert {one["group_id"] for one in found.values()} == {2}
    cities = {email: [address["city"] for address in one["addresses"]] for email, one in found.items()}
    assert cities.pop("buyer9@example.com") == ["Berlin", "New York"]
    assert list(cities.values()) == [["New York"]] * NEW
    created = [one for one in here.writes() if one["method"] == "POST" and one["path"].endswith("/customers")]
    assert len(created) == 1 + NEW, "the shop's own and the new ones, each asked for once"
    with here.state.read() as connection:
        left = messages.of_records(connection, "customer", [f"ACME000{number}" for number in (*range(NEW), 9)])
    assert not [message for message in left if message.state in (PENDING, SENDING, "failed")]


def test_a_look_that_dies_at_any_step_is_carried_on(story):
    """A process dies at each step that a clean look reaches, the first and second time; afterwards all is right."""
    here, reached = story()
    assert_right(here)
    assert set(reached) == set(STEPS), "a step that no look reaches proves nothing"
    for step in STEPS:
        for time in range(1, min(reached[step], 2) + 1):
            here, _reached = story(Death(step, time))
            assert_right(here)

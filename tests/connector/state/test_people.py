"""The workspace's users, sessions and audit log, the last comparisons, and delivery statistics, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.model.difference import Difference
from connector.state.engine import open_state
from connector.state.operator import audit, comparisons, deliveries, forget, users
from connector.state.operator.comparisons import RunningComparison
from connector.state.operator.users import NoSuchUser, User, UserExists
from connector.state.schema import micros, requests

NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
ANNA = User("anna", "administrator", "hash")


@pytest.fixture
def state(database_url):
    """Yield a new state database of either kind."""
    opened = open_state(database_url)
    yield opened
    opened.close()


def test_users(state):
    """A user is added once, found by name, and removed."""
    with state.read() as connection:
        assert not users.exist(connection)
    users.add(state, ANNA, NOW)
    users.add(state, User("Anna", "viewer", "another"), NOW)
    with pytest.raises(UserExists, match="anna already"):
        users.add(state, ANNA, NOW)
    with state.read() as connection:
        assert users.exist(connection)
        assert [one.name for one in users.all_users(connection)] == ["Anna", "anna"]
        assert users.find(connection, "anna") == ANNA
    users.remove(state, "anna")
    with state.read() as connection:
        assert users.find(connection, "anna") is None
    for change in (lambda: users.remove(state, "anna"), lambda: users.change_password(state, "anna", "x", NOW)):
        with pytest.raises(NoSuchUser):
            change()


def test_sessions(state):
    """A session is valid until it expires or ends, or its user is removed or gets another password."""
    users.add(state, ANNA, NOW)

    def begin(token, hours=1):
        users.begin_session(state, token, "anna", NOW, NOW + timedelta(hours=hours))

    def who(token, at=NOW):
        with state.read() as connection:
            found = users.of_session(connection, token, at)
        return found and found.name

    begin("one")
    begin("two", hours=2)
    assert (who("one"), who("two"), who("three")) == ("anna", "anna", None)
    assert who("one", NOW + timedelta(hours=1)) is None
    users.end_session(state, "one")
    assert (who("one"), who("two")) == (None, "anna")
    users.change_password(state, "anna", "new", NOW)
    assert who("two") is None
    begin("four")
    users.remove(state, "anna")
    users.add(state, ANNA, NOW)
    assert who("four") is None


def test_audit(state):
    """Entries are read by number, or the newest first, of some actions or of all."""
    first = audit.write(state, "anna", "pause", "Price is paused.", NOW, entity="price")
    second = audit.write(state, "bert", "failed.skip", "3 skipped.", NOW + timedelta(minutes=1))
    with state.read() as connection:
        assert audit.read(connection, first) == audit.Done(first, NOW, "anna", "pause", "price", "Price is paused.")
        assert audit.read(connection, second + 1) is None
        assert [one.number for one in audit.newest(connection)] == [second, first]
        assert [one.who for one in audit.newest(connection, ["pause"])] == ["anna"]
        assert len(audit.newest(connection, limit=1)) == 1


def test_the_audit_names_a_few_messages(state):
    """An entry lists its messages, so that their present state can be shown; an entry about many does not."""
    few = [audit.Named(7, 1, "price", "sku", ""), audit.Named(8, 2, "order", "SO 1", "")]
    many = few * audit.MOST_MESSAGES
    numbers = [audit.write(state, "anna", "failed.send_again", "…", NOW, messages=one) for one in (few, many, [])]
    with state.read() as connection:
        assert [audit.read(connection, one).messages for one in numbers] == [few, (), ()]


def test_a_person_is_forgotten_in_the_audit_too(state):
    """Texts that a person typed about a customer, such as the e-mail, are erased too."""
    number = audit.write(state, "anna", "record.sync", "Customer Jo@Example.com is read and sent.", NOW)
    assert forget.forget(state, "jo@example.com", NOW).mentions == 1
    with state.read() as connection:
        assert audit.read(connection, number).text == "Customer (erased) is read and sent."


def test_the_last_comparison(state):
    """For each entity the last result is stored: how many places differ by cause, and the first of each cause.
    Forgetting a person deletes it.
    """
    many = [Difference(f"{n}", "", "Jo", "a", "b", "", "other_value") for n in range(comparisons.DETAILS_PER_CAUSE + 5)]
    few = [Difference("last", "", "Jo", "", "", "no product", "unknown_sku")]
    comparisons.store(state, "customer", 5_000, [], NOW - timedelta(days=1), why_not="paused")
    comparisons.store(state, "customer", 5_000, [*many, *few], NOW)
    comparisons.store(state, "price", 7, [], NOW)
    with state.read() as connection:
        one = comparisons.newest(connection)["customer"]
        assert comparisons.differences(connection, "customer") == [*many[: comparisons.DETAILS_PER_CAUSE], *few]
        assert comparisons.differences(connection, "customer", "unknown_sku") == few
        assert comparisons.differences(connection, "order") == []
    assert (one.at, one.places, one.differing, one.why_not) == (NOW, 5_000, len(many) + 1, None)
    assert one.causes == {"other_value": len(many), "unknown_sku": 1}
    forget.forget(state, "jo@example.com", NOW)
    with state.read() as connection:
        assert set(comparisons.newest(connection)) == {"price"}


def test_a_running_comparison(state):
    """It is known until it ends, or until it reports nothing any more because its process died."""

    def working(now):
        with state.read() as connection:
            return comparisons.running(connection, now)

    later = NOW + timedelta(seconds=30)
    comparisons.record_progress(state, "price", NOW, NOW, None)
    comparisons.record_progress(state, "price", NOW, later, "{}")
    comparisons.record_progress(state, "order", NOW, NOW, None)
    assert working(later) == {"price": RunningComparison(NOW, "{}"), "order": RunningComparison(NOW, None)}
    assert set(working(NOW + timedelta(seconds=70))) == {"price"}
    comparisons.record_end(state, "price")
    comparisons.store(state, "order", 7, [], later)
    assert working(later) == {}


def test_deliveries_by_hour(state):
    """Every record that Magento accepted in the last day is counted in its hour, and no earlier ones."""
    with state.read() as connection:
        assert deliveries.by_hour(connection, NOW) == {}
    ages = [*[timedelta(days=40 - number) for number in range(30)], *map(hours, (23.9, 2.5, 2.4, 0.1))]
    lists = dict.fromkeys(("targets", "seqs", "new_values", "old_values"), "[]")
    empty = {"fence": 1, "state": "settled", **lists}
    with state.write() as connection:
        for age in ages:
            for entity in ("price", "order"):
                row = {**empty, "entity": entity, "sent": 10, "sent_at": micros(NOW - age)}
                connection.execute(requests.insert().values(row))
    with state.read() as connection:
        found = deliveries.by_hour(connection, NOW)
    assert found["price"] == found["order"] == [10, *[0] * 20, 20, 0, 10]


def test_how_long_deliveries_took(state):
    """The delay from queueing the oldest value of a request to its acceptance is reported as median and 95th
    percentile. Open requests and those without accepted values do not count.
    """
    lists = dict.fromkeys(("targets", "seqs", "new_values", "old_values"), "[]")
    seconds = [*range(1, 101), None, 5_000]
    with state.write() as connection:
        for number, took in enumerate(seconds):
            sent_at = micros(NOW - timedelta(minutes=30))
            row = {**lists, "entity": "price", "fence": 1, "state": "settled", "sent_at": sent_at}
            ended = None if took is None else sent_at + took * 1_000_000
            row |= {"oldest_wanted_at": sent_at, "settled_at": ended, "sent": 0 if took == 5_000 else number + 1}
            connection.execute(requests.insert().values(row))
    with state.read() as connection:
        assert deliveries.delays(connection, ["price", "order"], NOW) == {"price": deliveries.Delay(51.0, 96.0)}
        assert deliveries.delays(connection, ["price"], NOW + timedelta(days=2)) == {}


def test_hours_and_slow_answers(state):
    """Deliveries are counted by hour since an instant, and the requests with the slowest answers are listed, on either
    database.
    """
    lists = dict.fromkeys(("targets", "seqs", "new_values", "old_values"), "[]")
    with state.write() as connection:
        for minutes, entity, sent, seconds in (
            (200, "price", 7, 9),
            (50, "price", 1, 2),
            (40, "price", 2, 5),
            (5, "order", 0, 1),
        ):
            at = micros(NOW - timedelta(minutes=minutes))
            row = {**lists, "entity": entity, "fence": 1, "state": "settled", "sent": sent, "failed": 1, "sent_at": at}
            connection.execute(requests.insert().values({**row, "settled_at": at + seconds * 1_000_000}))
    since = NOW - timedelta(hours=1)
    with state.read() as connection:
        assert deliveries.hours_since(connection, since, NOW) == [
            deliveries.Hour(since, "order", 1, 0, 1),
            deliveries.Hour(since, "price", 2, 3, 2),
        ]
        slow = deliveries.slowest(connection, NOW, limit=2)
    assert [(one.entity, one.sent, one.seconds) for one in slow] == [("price", 7, 9.0), ("price", 2, 5.0)]


def hours(number):
    """Return a number of hours."""
    return timedelta(hours=number)

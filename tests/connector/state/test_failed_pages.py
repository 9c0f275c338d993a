"""Failed messages a page at a time: however many there are, one page of rows and a fixed number of statements."""

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from sqlalchemy import event
from support.isolation import isolated_home
from support.workspace import Site

from app.failed_messages import PAGE_SIZE, page_of
from connector.state.engine import open_state
from connector.state.operator.deliveries import failed_by_hour
from connector.state.queue.messages import FailedChoice, chosen_failed, count_failed
from connector.state.rows import insert_rows
from connector.state.schema import micros, targets

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

MANY, FEW = 100_000, 1_000


@pytest.fixture(scope="module")
def failed(template, newest_schema):
    """Gives what a database in which so many messages failed is copied from."""

    @cache
    def made(kind, count):
        return template(kind, lambda url: fail(url, count), newest_schema(kind))

    return made


@pytest.fixture
def state(database, new_database, failed, request):
    """A state database, of either kind, in which so many messages failed."""
    opened = open_state(new_database(database, like=failed(database, request.param)))
    yield opened
    opened.close()


def fail(url, count):
    """Let so many messages fail, every tenth of them by Magento's refusal."""
    opened = open_state(url)
    same = {"source": "", "wanted_at": micros(NOW), "changed_at": micros(NOW), "state": "failed", "seq": 1}
    rows = [
        {
            **same,
            "entity": "price" if number % 2 else "inventory",
            "key": f"sku-{number:06}",
            "sku": f"SKU-{number:06}",
            "acumatica_key": f"I{number}",
            "cause": "unknown_sku" if number % 10 else "refused_by_magento",
            "reason": f"100 % of {number} is wrong_" if number == 7 else "Unknown SKU: there is none.",
        }
        for number in range(count)
    ]
    with opened.write() as connection:
        insert_rows(connection, targets, rows)
    opened.close()


@pytest.mark.parametrize("state", [MANY], indirect=True)
def test_one_page_of_many(state):
    """A page in the middle of a group: two statements, and no more rows than the page has."""
    statements, rows = [], []
    for engine in (state.engine, state._reader):
        event.listen(engine, "after_cursor_execute", lambda *given: statements.append(given[2]))
    choice = FailedChoice("price", "unknown_sku")
    with state.read() as connection:
        page = page_of(connection, choice, 400)
        rows += page.rows
    assert len([one for one in set(statements) if "targets" in one]) == 2
    assert (len(rows), page.total, page.first) == (PAGE_SIZE, 50_000, 399 * PAGE_SIZE + 1)
    assert {one.entity for one in rows} == {"price"}
    assert [one.key for one in rows] == sorted(one.key for one in rows)


PATHS = {
    "/": 100,
    "/failed": 40,
    "/failed/group?text=nowhere": 12,
    "/record/price?key=SKU-000001": 60,
    "/activity": 130,
}


@pytest.mark.parametrize("state", [MANY], indirect=True)
def test_pages_over_many(state, tmp_path, monkeypatch):
    """However many messages failed, a page takes a bounded number of statements, and no more rows than it shows."""
    isolated_home(tmp_path, monkeypatch)
    site = Site(state)
    statements = []
    event.listen(state._reader, "after_cursor_execute", lambda *given: statements.append(given[2]))
    for path, most in PATHS.items():
        statements.clear()
        answer = site.get(path)
        assert (answer.status_code, len(statements) <= most) == (200, True), (path, len(statements))
        assert len(answer.text) < 100_000, path


@pytest.mark.parametrize("state", [MANY], indirect=True)
def test_a_text_that_is_rare_is_looked_for_once(state):
    """One pass over what failed finds it and counts it."""
    statements = []
    with state.read() as connection:
        event.listen(connection, "after_cursor_execute", lambda *given: statements.append(given[2]))
        page = page_of(connection, FailedChoice(text="is wrong"), 7)
        assert ([one.key for one in page.rows], page.number, page.total) == (["sku-000007"], 1, 1)
        assert len(statements) == 2
        assert page_of(connection, FailedChoice(text="UNKNOWN sku"), 3).total == MANY - 1


CHOICES = [
    (FailedChoice(), FEW),
    (FailedChoice(cause="refused_by_magento"), FEW // 10),
    (FailedChoice("order"), 0),
    (FailedChoice(text="sku-00001"), 10),
    (FailedChoice("price", text="SKU-00001"), 5),
    (FailedChoice(text="100 %"), 1),
    (FailedChoice(text="wrong_"), 1),
    (FailedChoice(text="%"), 1),
    (FailedChoice(text="nowhere"), 0),
]


@pytest.mark.parametrize("state", [FEW], indirect=True)
def test_what_is_chosen(state):
    """By entity, cause and text; a text is what was typed, and no pattern."""
    with state.read() as connection:
        for choice, count in CHOICES:
            assert count_failed(connection, choice) == count, choice
            assert len(chosen_failed(connection, choice, limit=3)) == min(3, count), choice


@pytest.mark.parametrize("state", [FEW], indirect=True)
def test_when_they_failed(state):
    """By entity and hour, within the last 24 hours."""
    with state.read() as connection:
        found = failed_by_hour(connection, NOW + timedelta(minutes=90))
        assert found["price"] == found["inventory"] == [*[0] * 22, FEW // 2, 0]
        assert failed_by_hour(connection, NOW + timedelta(hours=25)) == {}


@pytest.mark.parametrize("state", [FEW], indirect=True)
def test_by_id(state):
    """A message by its own id or by its target's; an older one of the target, and nonsense, mean none."""
    with state.read() as connection:
        first, second = chosen_failed(connection, FailedChoice(), limit=2)
        ids = {first.id, str(second.target), f"{second.target}.99", "nonsense", ""}
        assert chosen_failed(connection, FailedChoice(ids=ids)) == [first, second]
        assert chosen_failed(connection, FailedChoice(ids={f"{first.target}.99"})) == []
        assert chosen_failed(connection, FailedChoice("order", ids={first.id})) == []

"""Texts that a database cannot store, and the order of those that it can."""

import json
import random

import pytest
from support.moment import NOW
from support.queue import claim, settle

from connector.model.failures import FailureCode
from connector.state.coordination import hosts
from connector.state.coordination.lease import Lease
from connector.state.engine import State
from connector.state.queue import messages
from connector.state.queue.desired import Computed, DesiredValue, Queued
from connector.state.queue.message import ClaimSpec, Message, MessageOutcome
from connector.state.run_state import RunState
from connector.state.sync import ledger, links, records, watermarks
from connector.state.sync.ledger import LedgerRow
from connector.state.sync.links import Link
from connector.state.sync.records import Record, Stored
from connector.state.sync.watermarks import Cursor, Watermark
from connector.state.text import LONGEST_NAME

ODD = ["A\x00B", "\x00", "\ud800", "A" * (LONGEST_NAME + 1), "".join(map(chr, range(0x4E00, 0x4E00 + 20_000))) * 50]
ORDERED = sorted(["", " ", "-1", "10", "9", "A", "B", "Z", "_", "a", "b", "ß", "é", "\uffee", "\U0001f600"])


def commit(state: State, held: Lease, *keys: str) -> Queued:
    wanted = [DesiredValue(key, key, "", key, 10) for key in keys]
    return RunState(state, held).commit(
        Computed(keys, wanted, None, [Stored(key, key, Record.of()) for key in keys]), NOW
    )


def failed(state: State) -> list[Message]:
    with state.read() as connection:
        return messages.failed(connection, "price")


@pytest.mark.parametrize("odd", ODD, ids=["NUL inside", "only NUL", "half a pair", "too long", "a million"])
def test_a_name_that_cannot_be_kept_fails_alone(state: State, held: Lease, odd: str) -> None:
    """A record with a name that cannot be stored becomes one failed message that says why; the others are queued."""
    assert commit(state, held, "A", odd, "B") == Queued(queued=2, failed=1)
    (message,) = failed(state)
    assert message.cause == FailureCode.CANNOT_BE_KEPT
    assert message.reason is not None and "Correct it in Acumatica." in message.reason
    assert len(message.reason) < 1_000
    assert [one.key for one in claim(state, held, NOW, ClaimSpec("shop", 10, [1]))] == ["A", "B"]
    with state.read() as connection:
        assert set(records.read(connection, "price", ["A", odd, "B"])) == {"A", "B"}


@pytest.mark.parametrize("odd", ODD, ids=["NUL inside", "only NUL", "half a pair", "too long", "a million"])
def test_a_name_that_cannot_be_kept_fails_once(state: State, held: Lease, odd: str) -> None:
    """The same name always leads to the same message, and two such names lead to two."""
    commit(state, held, odd)
    assert commit(state, held, odd) == Queued()
    assert commit(state, held, odd, f"{odd}\x00") == Queued(failed=1)
    assert len(failed(state)) == 2


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**40])
def test_a_value_that_cannot_be_kept_fails_alone(state: State, held: Lease, value: int) -> None:
    """A number beyond 64 bits only fails its own record."""
    wanted = [DesiredValue("A", "A", "", "A", value), DesiredValue("B", "B", "", "B", 2**63 - 1)]
    assert RunState(state, held).commit(Computed(["A", "B"], wanted, None), NOW) == Queued(queued=1, failed=1)
    assert claim(state, held, NOW, ClaimSpec("shop", 10, [1]))[0].value == 2**63 - 1


def test_names_are_in_the_order_of_their_code_points(state: State, held: Lease) -> None:
    """Claims and pages have the same order on every database, whatever its language."""
    commit(state, held, *reversed(ORDERED))
    with state.read() as connection:
        assert records.all_keys(connection, "price", "", 100) == ORDERED[1:]
        assert records.all_keys(connection, "price", "Z", 3) == ["_", "a", "b"]
    assert [one.key for one in claim(state, held, NOW, ClaimSpec("shop", 100, [1]))] == ORDERED


def test_names_that_differ_in_case_only_are_two(state: State, held: Lease) -> None:
    """The database compares names exactly; which names Magento treats as equal is decided before."""
    assert commit(state, held, "abc", "ABC", "abc ") == Queued(queued=3)


def test_what_magento_said_is_kept_whole(state: State, held: Lease) -> None:
    """A reason of any length is stored; a character that no database accepts is replaced."""
    commit(state, held, "A")
    message = "é" * 10**6 + "\x00\ud800"
    outcomes = [
        MessageOutcome(one, "failed", FailureCode.REFUSED_BY_MAGENTO, message)
        for one in claim(state, held, NOW, ClaimSpec("shop", 1, [1]))
    ]
    settle(state, held, outcomes, NOW)
    assert failed(state)[0].reason == "é" * 10**6 + "\ufffd\ufffd"


def test_every_other_text_is_kept_too(state: State, held: Lease) -> None:
    """No text of Acumatica, Magento or a person makes a transaction fail."""
    odd = "x\x00\ud83d"
    cursor = Cursor(0, None, 1, "A\x00")
    with state.write() as connection:
        ledger.confirm(connection, "price", [LedgerRow(odd, odd, odd, odd, 1, None)], NOW)
        ledger.schedule_rechecks(connection, "price", [(odd, odd)], NOW)
        links.write(connection, "order", [Link(odd, odd, odd, json.dumps(odd).encode())], NOW)
        watermarks.write(connection, "price", [Watermark("items", cursor=cursor)])
    RunState(state, held).remember_sync(NOW, odd, did_nothing=False, full=False)
    hosts.block(state, odd, NOW)
    with state.read() as connection:
        assert len(ledger.all_of(connection, "price")) == len(ledger.due_rechecks(connection, "price", NOW)) == 1
        assert watermarks.read(connection, "price", "items").cursor == cursor
        assert hosts.blocked_until(connection, odd) == NOW
        assert list(links.of_keys(connection, "order", [odd])) == ["x\ufffd\ufffd"]


def test_the_longest_names_fit_every_index(state: State, held: Lease) -> None:
    """The longest allowed names, of four-byte characters that cannot be compressed, are stored."""
    spell = random.Random(1)
    key, source = ("".join(chr(spell.randrange(0x20000, 0x2A6DF)) for _ in range(LONGEST_NAME)) for _ in range(2))
    computed = Computed([key], [DesiredValue(key, key, source, key, 10)], None, [Stored(key, key, Record.of())])
    assert RunState(state, held).commit(computed, NOW) == Queued(queued=1)
    claimed = claim(state, held, NOW, ClaimSpec("shop", 1, [1]))
    settle(state, held, [MessageOutcome(claimed[0], "sent")], NOW, recheck_at=NOW)
    with state.read() as connection:
        assert [row.key for row in ledger.due_rechecks(connection, "price", NOW)] == [key]

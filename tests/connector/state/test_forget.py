"""What is erased about a person and what stays, over SQLite and PostgreSQL: no trace is left in the database."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select
from support.moment import NOW
from support.queue import claim, settle

from connector.state.coordination import lease
from connector.state.coordination.lease import Lease
from connector.state.engine import State, open_state
from connector.state.faults import StateError
from connector.state.operator import forget
from connector.state.queue import messages
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import ClaimSpec, MessageOutcome
from connector.state.run_state import RunState
from connector.state.schema import metadata, targets
from connector.state.sync import entities, ledger, links, records, refresh_requests
from connector.state.sync.links import Link
from connector.state.sync.records import Record, Stored

EMAIL = "Grace.Hopper@Example.com"
PERSONAL = ("hopper", "grace", "12 navy yard", "+1 555 0199")
"""Words of hers that must not be found anywhere, in whatever letter case."""


def customer(key: str, email: str, name: str) -> Stored:
    hers = name != "Ada"
    address = {"line1": "12 Navy Yard" if hers else "1 Main St", "city": "Arlington"}
    phone = "+1 555 0199" if hers else "+1 555 0100"
    document = {"customer_id": key, "name": name, "main": {"email": email, "phone": phone, "address": address}}
    return Stored(key, email.casefold(), Record.of(document=document))


def order(key: str, customer_key: str, email: str, name: str) -> Stored:
    party = {"attention": name, "email": email, "line1": "1 Main St" if name == "Ada" else "12 Navy Yard"}
    document = {"customer": customer_key, "bill_to": party, "lines": [{"item": "A"}]}
    return Stored(key, None, Record.of(document=document))


def wanted(key: str, value: int, **says: object) -> DesiredValue:
    return DesiredValue(key, key, "", key, value, document=msgspec.json.encode(says))


@pytest.fixture
def filled(state: State) -> State:
    """Return a state with sent data: a customer with an order, an order of a guest with her e-mail, and data of another
    person.
    """
    hers = {"email": EMAIL, "firstname": "Grace", "lastname": "Hopper"}
    theirs = {"email": "ada@example.com", "firstname": "Ada"}
    of_acumatica = {
        "customer": (
            [customer("C1", EMAIL.upper(), "Grace Hopper"), customer("C2", "ada@example.com", "Ada")],
            [wanted("C1", 1, **hers), wanted("C2", 2, **theirs)],
        ),
        "order": (
            [
                order("SO 1", "C1", "orders@example.com", "Grace"),
                order("SO 2", "WEB", EMAIL, "Grace Hopper"),
                order("SO 3", "C2", "ada@example.com", "Ada"),
            ],
            [
                wanted("SO 1", 3, facts={"customer": "C1", "bill_to": {"attention": "Grace"}}),
                wanted("SO 2", 4, facts={"customer": "WEB"}, new={**hers, "customer": "WEB"}),
                wanted("SO 3", 5, facts={"customer": "C2"}, new=theirs),
            ],
        ),
    }
    for entity, (stored, wants) in of_acumatica.items():
        held = take(state, entity)
        RunState(state, held).commit(Computed([one.key for one in wants], wants, None, stored=stored), NOW)
        sent = claim(state, held, NOW, ClaimSpec("shop", 10, [1]))
        made = [
            MessageOutcome(one, "sent", link=Link(one.key, one.acumatica_key, f"M{one.id}", one.document))
            for one in sent
        ]
        settle(state, held, made, NOW)
        lease.release(state, held)
    return state


def take(state: State, entity: str) -> Lease:
    taken = lease.acquire(state, entity, "the test", NOW)
    assert isinstance(taken, Lease)
    return taken


def everything(state: State) -> str:
    """Return all texts of the database, and for SQLite every byte of its files."""
    message = []
    with state.read() as connection:
        for one in metadata.sorted_tables:
            for row in connection.execute(select(one)):
                message += [bytes(v).decode() if isinstance(v, bytes | memoryview) else str(v) for v in row]
    if state.engine.dialect.name == "sqlite":
        file = Path(str(state.engine.url.database))
        message += [part.read_bytes().decode("latin-1") for part in sorted(file.parent.glob(f"{file.name}*"))]
    return "\n".join(message).casefold()


def assert_no_trace(state: State) -> None:
    message = everything(state)
    assert not [word for word in PERSONAL if word in message]
    assert "ada@example.com" in message


def test_what_is_erased_and_what_stays(filled: State) -> None:
    """Contents are erased without a trace. Keys, Magento ids and fingerprints stay, and all data of other people."""
    assert all(word in everything(filled) for word in PERSONAL)
    kept = forget.forget(filled, f" {EMAIL.lower()} ", NOW)
    assert kept.keys == {"customer": ["C1"], "order": ["SO 1", "SO 2"]}
    assert (kept.records, kept.links, kept.messages, kept.mentions, kept.working) == (3, 3, 3, 0, [])
    assert forget.leave_no_trace(filled)
    assert_no_trace(filled)
    with filled.read() as connection:
        for entity, keys in {"customer": ["C1", "C2"], "order": ["SO 1", "SO 2", "SO 3"]}.items():
            linked = links.of_keys(connection, entity, keys)
            assert sorted(linked) == keys
            assert [key for key, link in linked.items() if link.document is not None] == keys[-1:]
            assert sorted(records.read(connection, entity, keys)) == keys[-1:]
            assert len(ledger.of_records(connection, entity, keys, [])) == len(keys)
    assert forget.forget(filled, EMAIL, NOW).is_nothing()


def test_a_dry_run_erases_nothing(filled: State) -> None:
    """It counts the same rows and leaves them unchanged."""
    before = everything(filled)
    kept = forget.find(filled, EMAIL, NOW)
    assert everything(filled) == before
    assert forget.forget(filled, EMAIL, NOW) == kept


def test_what_was_sent_is_not_sent_again(filled: State) -> None:
    """If Acumatica still has the content, it equals the stored fingerprint when it is read again: nothing is queued."""
    hers = {"email": EMAIL, "firstname": "Grace", "lastname": "Hopper"}
    forget.forget(filled, EMAIL, NOW)
    held = take(filled, "customer")
    assert RunState(filled, held).commit(Computed(["C1"], [wanted("C1", 1, **hers)], None), NOW).queued == 0


def test_a_pending_record_is_requested_again(filled: State) -> None:
    """A message that was not sent yet is superseded, and the next sync asks Acumatica for the record."""
    held = take(filled, "customer")
    RunState(filled, held).commit(Computed(["C1"], [wanted("C1", 9, email=EMAIL)], None), NOW)
    forget.forget(filled, EMAIL, NOW)
    with filled.read() as connection:
        assert messages.pending(connection, "customer") == []
        assert list(refresh_requests.of_entity(connection, "customer")) == ["C1"]
    assert forget.leave_no_trace(filled)
    assert_no_trace(filled)


def test_what_failed_stays_failed_without_its_reason(filled: State) -> None:
    """A failed value is not queued again after its content and reason were erased. The reason of another record loses
    the e-mail.
    """
    held = take(filled, "customer")
    wants = [wanted("C1", 9, email=EMAIL), wanted("C2", 9, email="ada@example.com")]
    RunState(filled, held).commit(Computed(["C1", "C2"], wants, None), NOW)
    for one in claim(filled, held, NOW, ClaimSpec("shop", 10, [1])):
        settle(filled, held, [MessageOutcome(one, "failed", "refused", f"refused: {EMAIL} is taken")], NOW)
    kept = forget.forget(filled, EMAIL, NOW)
    assert (kept.mentions, kept.working) == (1, ["customer"])
    assert forget.leave_no_trace(filled)
    assert_no_trace(filled)
    with filled.read() as connection:
        failed = {one.key: one.reason for one in messages.failed(connection)}
    assert failed == {"C1": forget.ERASED, "C2": "refused: (erased) is taken"}
    again = RunState(filled, held).commit(Computed(["C1"], [wanted("C1", 9, email=EMAIL)], None), NOW)
    assert (again.queued, again.superseded) == (0, 0)


def test_a_message_that_is_being_sent_is_not_erased(filled: State) -> None:
    """Without its content its outcome could not be found out. Nothing at all is erased, and the message says what to
    do.
    """
    held = take(filled, "order")
    RunState(filled, held).commit(Computed(["SO 1"], [wanted("SO 1", 9, facts={"customer": "C1"})], None), NOW)
    claim(filled, held, NOW, ClaimSpec("shop", 1, [1]))
    before = everything(filled)
    with pytest.raises(forget.StillSending, match="a2m sync order"):
        forget.forget(filled, EMAIL, NOW)
    assert everything(filled) == before


def test_the_summary_of_a_sync_loses_the_e_mail(filled: State) -> None:
    """The rest of the summary in `a2m status` stays."""
    RunState(filled, take(filled, "customer")).remember_sync(NOW, f"1 failed: {EMAIL}", did_nothing=False, full=False)
    assert forget.forget(filled, EMAIL, NOW).mentions == 1
    with filled.read() as connection:
        assert entities.read(connection, "customer").last_result == "1 failed: (erased)"


def test_traces_stay_while_another_process_reads(filled: State, database_url: str) -> None:
    """A process that reads an older state keeps the traces. This is reported after the lock timeout, and they go the
    next time.
    """
    impatient = open_state(database_url, lock_timeout=0.05)
    with filled.read() as connection:
        connection.execute(select(targets)).all()
        forget.forget(impatient, EMAIL, NOW)
        if filled.engine.dialect.name == "sqlite":
            assert not forget.leave_no_trace(impatient)
        else:
            with pytest.raises(StateError, match="kept locked"):
                forget.leave_no_trace(impatient)
    assert forget.leave_no_trace(impatient)
    impatient.close()
    assert_no_trace(filled)


def test_an_unknown_e_mail(filled: State) -> None:
    """Nothing is found, and a part of a person's e-mail does not match."""
    before = everything(filled)
    for email in ("nobody@example.com", "hopper@example.com", "%@example.com"):
        assert forget.forget(filled, email, NOW + timedelta(days=1)).is_nothing()
    assert everything(filled) == before

"""What a document becomes in the queue, and what is decided of one whose answer was lost."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from support.messages import message
from support.moment import NOW

from connector.clock import ManualClock
from connector.magento.batches import Delivery, RowResult
from connector.magento.errors import NoAnswer, RequestRefused, TemporaryFault
from connector.model.failures import FailureCode, Rejected
from connector.state.queue.message import MessageOutcome
from connector.state.sync.links import Link
from entities.base import QueueRule, RequestResult
from entities.documents import document as documents
from entities.documents import entity as document_entity
from entities.documents.document import LATE_WRITE, Beside, Delivered, Document, encoded, fingerprint
from entities.registry import ENTITIES
from entities.waiting import NotYet, WaitReason


class Content(msgspec.Struct, frozen=True):
    """The content of a toy document."""

    name: str
    note: str = ""


class Toys:
    """What differs from entity to entity: a change of the note is of no interest, one of the name cannot be followed
    where it is forbidden, and is told beside where it is odd.
    """

    content = Content

    def changed(self, before: Content, now: Content) -> Content:
        if now.name == "forbidden":
            raise Rejected(FailureCode.CHANGED_AFTER_IT_WAS_SENT, "not this")
        return before if now.name == before.name else now

    def beside(self, before: Content, now: Content) -> Beside | None:
        odd = now.name == "odd"
        return Beside("name", FailureCode.CHANGED_AFTER_IT_WAS_SENT, "odd, but it goes") if odd else None


@dataclass(frozen=True)
class Line:
    """A part of a document; `rank` came with a later version."""

    sku: str
    rank: int = 0


@dataclass(frozen=True)
class Listed:
    """A document with lines; `rest` came with a later version."""

    names: dict[str, str]
    lines: tuple[Line, ...] = ()
    rest: str = ""


def wanted(content: Any, sent: Content | None = None, standing: bytes | None = None, **traits: Any) -> list[Any]:
    link = None if sent is None else Link("K", "A", "7", encoded(sent), "sent")
    toys: Any = Toys()
    return documents._desired_values(toys, Document("A", "K", content, **traits), link, standing)


def test_a_new_document_is_sent_whole() -> None:
    """With a fingerprint that stands for all of it."""
    (want,) = wanted(Content("Ada"))
    assert (want.acumatica_key, want.key, want.sku, want.cause) == ("A", "K", "K", None)
    assert (want.document, want.value) == (encoded(Content("Ada")), fingerprint(encoded(Content("Ada"))))


def test_what_was_sent_already_is_the_same_again() -> None:
    """Its fingerprint is that of what Magento was told, so the queue finds nothing to do; a change of no interest, or a
    field that a later version added, is none.
    """
    for now in (Content("Ada"), Content("Ada", "another note")):
        (want,) = wanted(now, Content("Ada"))
        assert want.document == encoded(Content("Ada"))


@pytest.mark.parametrize(
    ("content", "is_same"),
    [
        (Listed({"a": "1"}, (Line("X"),)), True),
        (Listed({"a": "1"}, (Line("X", rank=3),), rest="later"), True),
        (Listed({"a": "1", "b": "2"}, (Line("X"),)), False),
        (Listed({"a": "1"}, (Line("Y", rank=3),)), False),
        (Listed({"a": "1"}, (Line("X"), Line("X"))), False),
    ],
)
def test_what_failed_or_was_skipped_stays_so_while_it_says_the_same(content: Listed, is_same: bool) -> None:
    """Fields that a later version added are no change; what was skipped by a person is not sent by an update."""
    earlier = b'{"lines":[{"sku":"X"}],"names":{"a":"1"}}'
    (want,) = wanted(content, standing=earlier)
    assert want.document == (earlier if is_same else encoded(content))
    assert want.value == fingerprint(want.document)


def test_a_change_is_reported() -> None:
    """The content that the entity makes of both."""
    (want,) = wanted(Content("Grace"), Content("Ada"))
    assert want.document == encoded(Content("Grace"))


def test_a_change_that_magento_cannot_follow_fails() -> None:
    """It holds back the rest, and says why."""
    (want,) = wanted(Content("forbidden"), Content("Ada"))
    assert (want.document, want.value, want.cause) == (None, None, FailureCode.CHANGED_AFTER_IT_WAS_SENT)
    assert "not this" in want.reason


def test_a_failure_beside_holds_nothing_back() -> None:
    """The document goes, and the note stands under a key of its own."""
    want, beside = wanted(Content("odd"), Content("Ada"))
    assert (want.document, want.cause) == (encoded(Content("odd")), None)
    assert (beside.key != "K", beside.document, beside.reason) == (True, None, "odd, but it goes")
    assert beside.value == fingerprint(b"odd, but it goes"), "once skipped it stays so until it says something else"


@pytest.mark.parametrize("skipped", [True, False])
def test_a_document_that_cannot_be_sent(skipped: bool) -> None:
    """It fails, or is left out by a setting."""
    (want,) = wanted(None, cause=FailureCode.UNREADABLE_RECORD, reason="no e-mail", skipped=skipped)
    assert (want.document, want.cause, want.reason, want.skipped) == (
        None,
        FailureCode.UNREADABLE_RECORD,
        "no e-mail",
        skipped,
    )


@pytest.mark.parametrize(
    ("why", "result"),
    [
        (
            NotYet(WaitReason.AWAITING_PAYMENT, "Not paid.", "order SO 1"),
            RowResult("waits", "Not paid.", wait="awaiting_payment", waits_for="order SO 1"),
        ),
        (NoAnswer("time-out"), RowResult("unknown", "time-out")),
        (TemporaryFault("429", 30), RowResult("temporary", "429", 30)),
        (RequestRefused("No.", 400), RowResult("refused", "No.", code=FailureCode.REFUSED_BY_MAGENTO)),
    ],
)
def test_how_a_delivery_ends(why: Any, result: RowResult) -> None:
    """A wait is no failure; what has no answer is asked about; a refusal is final."""
    assert documents._outcome(why) == result


OF_DOCUMENTS = ("customer", "order", "shipment")
SENT_BEFORE = NOW - LATE_WRITE


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Callable[[Delivered | None], None]:
    """Says what is found in Magento."""

    def is_there(made: Delivered | None) -> None:
        async def searched(*_asked: object) -> Delivered | None:
            return made

        monkeypatch.setattr(document_entity, "found_document", searched)

    return is_there


@pytest.mark.parametrize(
    ("is_there", "claimed_at", "attempts", "stored"),
    [
        (True, NOW, 1, ["sent"]),
        (True, NOW, 3, ["sent"]),
        (False, NOW, 1, []),
        (False, SENT_BEFORE + timedelta(microseconds=1), 1, []),
        (False, SENT_BEFORE, 1, ["pending"]),
        (False, SENT_BEFORE, 3, ["failed"]),
    ],
)
@pytest.mark.parametrize("entity", OF_DOCUMENTS)
async def test_a_document_without_an_answer(
    found: Any, entity: str, is_there: bool, claimed_at: Any, attempts: int, stored: list[str]
) -> None:
    """Found: sent, and linked. Not found: left alone for as long as a late request may still make it, so that it is
    never made twice; then tried again, or failed.
    """
    found(Delivered("7") if is_there else None)
    context: Any = SimpleNamespace(queue=QueueRule(25, 100, 3), clock=ManualClock(NOW))
    claimed = message(entity=entity, document=b"{}", attempts=attempts, changed_at=claimed_at)
    became = await ENTITIES[entity].settle(context, None, [claimed])  # type: ignore[arg-type]
    assert [one.state for one in became] == stored
    for one in became:
        assert (one.link is not None) == is_there
        assert one.partially_applied != is_there, "what Magento knows of it is in doubt"


@pytest.mark.parametrize(
    ("stored", "wrote", "in_part"),
    [("sent", True, False), ("failed", True, True), ("pending", True, True), ("failed", False, False)],
)
def test_a_document_may_be_there_in_part(stored: str, wrote: bool, in_part: bool) -> None:
    """Where its attempt did not end well after something of it had left."""
    delivery = Delivery([RowResult("refused")], wrote=wrote)
    [became] = ENTITIES["order"].outcomes([MessageOutcome(message(), stored)], RequestResult(delivery))
    assert became.partially_applied == in_part


@pytest.mark.parametrize("stored", ["sent", "pending"])
def test_what_a_document_became_is_kept(stored: str) -> None:
    """Also where it waits on: its number in Magento, and what was told of it; a remark only once it is sent."""
    made = Delivered("7", "adopted", (("A", "east"),), sent_content=Content("Ada"), remark="a line is unknown")
    outcome = MessageOutcome(message(document=b"{}"), stored, reason="Not paid.")
    [became] = ENTITIES["order"].outcomes([outcome], RequestResult(Delivery([RowResult("waits")]), made))
    assert became.link == Link("A", "A", "7", encoded(Content("Ada")), "adopted")
    assert (became.taken, became.reason) == (
        (("A", "east"),),
        "a line is unknown" if stored == "sent" else "Not paid.",
    )

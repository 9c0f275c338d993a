"""What the three document entities have in common: customers, orders and shipments are made once.

A document is one message: what Magento gets of one Acumatica record (a shipment that spans two orders makes two).
Its fingerprint stands where values have theirs, so the queue treats both alike: what was sent already is not
queued again. A document is always searched for in Magento by its link or its mark before it is made, and an answer that
was lost is settled by a search in Magento, never by sending again.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import timedelta
from typing import Any, Generic, TypeVar

import msgspec

from connector.magento.batches import ACCEPTED, NOT_SENT, Delivery, RowResult, refused
from connector.magento.client import MagentoClient
from connector.magento.errors import HostUnavailable, NoAnswer, RequestRefused, TemporaryFault
from connector.model.failures import REOPENED_BY_THE_NEXT_SYNC, FailureCode, Rejected
from connector.state.queue import messages
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import Message, MessageOutcome
from connector.state.queue.notes import note_key
from connector.state.schema import FAILED, SENDING, SENT, SKIPPED
from connector.state.sync import ledger, links, records
from connector.state.sync.compensations import Compensation
from connector.state.sync.links import Link, MadeBy
from connector.state.sync.records import Record, Stored
from entities.base import R, RunContext
from entities.documents.names import Change
from entities.pulled import Pulled
from entities.waiting import NotYet

T = TypeVar("T")
C = TypeVar("C")
"""The content of a document."""
LATE_WRITE = timedelta(seconds=30)
"""How long a request that arrived whole may still be applied after its answer was lost. Seen: five seconds, while every
worker was busy (magento-observed.md, part two, section 7)."""


class Document(msgspec.Struct, frozen=True):
    """What Magento must show of one document. `content` is a msgspec struct of the entity.

    Without content it cannot be sent, or is `skipped` by a setting; `reason` says why, `cause` groups it. With neither
    content nor cause nothing is sent for it any more, and what waits is superseded: Magento keeps what it has.
    `notes`: what a person should know of it though it is sent, such as a name that was changed on the way.
    """

    acumatica_key: str
    key: str
    content: Any = None
    cause: FailureCode | None = None
    reason: str | None = None
    skipped: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Delivered:
    """What a document is in Magento. `taken`: (SKU as Magento compares it, source) whose quantity it changed there.

    `compensated`: what a shipment took there for an order that we made, which Magento never reserved (ADR 0007).
    `sent_content`: the content that was sent, if it is less than the message holds. `remark`: what a person should
    know of how it went, such as a line that Magento does not know; it stands in the run and at the record.
    """

    magento_id: str
    made_by: MadeBy = "sent"
    taken: tuple[tuple[str, str], ...] = ()
    compensated: tuple[Compensation, ...] = ()
    sent_content: Any = None
    remark: str | None = None


class Beside(msgspec.Struct, frozen=True):
    """A failure beside a document that does not hold the document itself back.

    `what` names it: it stands under the document's key with this behind it.
    """

    what: str
    cause: FailureCode
    reason: str


class DocumentParts(ABC, Generic[R, C]):
    """The parts of an entity of documents; `content`: the struct of a document's content."""

    name: str
    content: type[C]

    @abstractmethod
    async def documents(self, context: RunContext[R], records: Mapping[str, dict[str, Any] | None]) -> list[Document]:
        """Return the documents of these records (`None`: Acumatica no longer has it); may read Magento."""

    @abstractmethod
    def changed(self, before: C, now: C) -> C:
        """Return the content to send where another one was sent before.

        Raises `Rejected` for a change that Magento cannot follow and that holds back the rest.
        """

    @abstractmethod
    async def send(
        self, context: RunContext[R], client: MagentoClient, message: Message, content: C, link: Link | None
    ) -> Delivered:
        """Send the document to Magento; search for it first. Raises `Rejected`, `NotYet` or a `MagentoFault`."""

    @abstractmethod
    async def find(
        self, context: RunContext[R], client: MagentoClient, message: Message, content: C, link: Link | None
    ) -> Delivered | None:
        """Return the document in Magento, by link or mark, if it is there with all that this message says."""

    def beside(self, before: C, now: C) -> Beside | None:
        """Return the change that Magento cannot follow, though all else goes on."""
        return None

    def identity(self, context: RunContext[R], record: dict[str, Any]) -> str | None:
        """Return what no two records may share in Magento, in compared form: they are computed together."""
        return None


def noted(changed: Sequence[Change]) -> tuple[str, ...]:
    """Return what a run says of changed names: without them, because Prefect keeps what it shows."""
    return tuple(dict.fromkeys(one.without_name() for one in changed))


def encoded(content: Any) -> bytes:
    """Return the content as JSON, the same for the same content."""
    return msgspec.json.encode(content, order="sorted")


def fingerprint(document: bytes) -> int:
    """Return a positive number of 63 bits that stands for the document."""
    return int.from_bytes(hashlib.sha256(document).digest()[:8], "big") >> 1


def says_the_same(document: bytes, content: Any) -> bool:
    """Return whether the content says what this document said: fields that a later version added are no change, so
    that an update does not send what a person skipped.
    """
    return _is_same(msgspec.json.decode(document), msgspec.json.decode(document, type=type(content)), content)


def _is_same(raw: Any, before: Any, now: Any) -> bool:
    if is_dataclass(before):
        there = [one.name for one in fields(before) if one.name in raw]
        return type(before) is type(now) and all(
            _is_same(raw[name], getattr(before, name), getattr(now, name)) for name in there
        )
    if isinstance(before, tuple):
        return len(before) == len(now) and all(map(_is_same, raw, before, now))
    return bool(before == now)


async def compute_documents(context: RunContext[R], entity: DocumentParts[R, C], pulled: Pulled) -> Computed:
    """Stage 2 for documents: return what has to be stored and queued for one chunk of pulled records."""
    chosen = _with_same_identity(context, entity, pulled.to_compute)
    there = {key: _with_invoices(stored.record) for key, stored in chosen.items()}
    computed = await entity.documents(context, there)
    for one in computed:
        for note in one.notes:
            context.remarks.note(one.key, note)
    with context.state.read() as connection:
        known = links.of_records(connection, context.name, list(there))
        live = messages.live(connection, context.name, list(there), [])
    standing = {one.key: one.document for one in live if _stands(one) and one.document is not None}
    to_send = [one for one in computed if one.content is not None or one.cause is not None]
    wanted = [
        want for one in to_send for want in _desired_values(entity, one, known.get(one.key), standing.get(one.key))
    ]
    left = {one.key for one in computed}
    wanted += [_deleted(link) for link in known.values() if link.key not in left and link.document is not None]
    wanted += [_desired(key, key, cause=FailureCode.UNREADABLE_RECORD, reason=why) for key, why in pulled.problems]
    return Computed(
        acumatica_keys=[*there, *(key for key, _why in pulled.problems), *pulled.missing],
        wanted=wanted,
        withdrawn_value=None,
        stored=[*chosen.values(), *pulled.to_keep.values()],
        seen=pulled.seen,
        marks=list(pulled.marks.values()),
    )


def _with_same_identity(
    context: RunContext[R], entity: DocumentParts[R, C], pulled: Mapping[str, Stored]
) -> Mapping[str, Stored]:
    """Return the records of the chunk, each with its identity, and every other record with one of these, now or
    before.
    """
    keys = {
        key: None if one.record.document is None else entity.identity(context, one.record.document)
        for key, one in pulled.items()
    }
    shared = {*keys.values(), *(one.key for one in pulled.values())} - {None}
    with context.state.read() as connection:
        others = records.sharing_sku(connection, context.name, sorted(str(key) for key in shared), pulled)
    return {**others, **{key: msgspec.structs.replace(one, key=keys[key]) for key, one in pulled.items()}}


def _with_invoices(record: Record) -> dict[str, Any] | None:
    """Return the record's document, with an order's invoices where it has any."""
    if record.document is None or not record.invoices:
        return record.document
    return {**record.document, "invoices": record.invoices}


def _stands(message: Message) -> bool:
    """Return whether a message is left as it is while its document says the same: it is in a request, failed or
    skipped.
    """
    return message.state in (SENDING, FAILED, SKIPPED) and message.cause not in REOPENED_BY_THE_NEXT_SYNC


def _desired_values(
    entity: DocumentParts[R, C], one: Document, link: Link | None, standing: bytes | None
) -> list[DesiredValue]:
    """Return what Magento must show of the document, and the failure beside it. `standing`: the document of a message
    that is left as it is if this one says the same.
    """
    if one.content is None:
        return [_desired(one.acumatica_key, one.key, cause=one.cause, reason=one.reason, skipped=one.skipped)]
    content, beside = one.content, None
    sent_document = None if link is None else link.document
    document = encoded(content)
    if sent_document is not None and sent_document != document:
        sent = msgspec.json.decode(sent_document, type=entity.content)
        beside = entity.beside(sent, content)
        try:
            content = entity.changed(sent, content)
        except Rejected as why:
            return [_desired(one.acumatica_key, one.key, cause=why.code, reason=str(why))]
        # as it was stored if nothing changed: a field that a later version added is not a change
        document = sent_document if content is sent else encoded(content)
    if standing is not None and says_the_same(standing, content):
        document = standing
    want = _desired(one.acumatica_key, one.key, value=fingerprint(document), document=document)
    return [want] if beside is None else [want, _beside(one, beside)]


def _desired(
    acumatica_key: str,
    key: str,
    *,
    value: int | None = None,
    document: bytes | None = None,
    cause: FailureCode | None = None,
    reason: str | None = None,
    skipped: bool = False,
) -> DesiredValue:
    """Return what Magento must show of a document, which has no source, and its key in place of a SKU."""
    return DesiredValue(
        acumatica_key,
        key,
        source="",
        sku=key,
        value=value,
        cause=cause,
        reason=reason,
        skipped=skipped,
        document=document,
    )


def _beside(one: Document, beside: Beside) -> DesiredValue:
    """Return a note beside the document. Its value is the reason's fingerprint: it stays skipped until that changes."""
    key, value = note_key(one.key, beside.what), fingerprint(beside.reason.encode())
    return _desired(one.acumatica_key, key, value=value, cause=beside.cause, reason=beside.reason)


def _deleted(link: Link) -> DesiredValue:
    code = FailureCode.CHANGED_AFTER_IT_WAS_SENT
    reason = code.because(
        f"Acumatica no longer has {link.key}, which is {link.magento_id} in Magento. Put it right there by hand, then "
        "skip this message."
    )
    return _desired(link.acumatica_key, link.key, cause=code, reason=reason)


async def deliver_document(
    context: RunContext[R], entity: DocumentParts[R, C], client: MagentoClient, message: Message
) -> tuple[Delivery, Delivered | None]:
    """Send one document: its outcome, and what it became."""
    content, link = content_and_link(context, entity.content, message)
    writes = client.writes
    try:
        return Delivery([ACCEPTED]), await entity.send(context, client, message, content, link)
    except HostUnavailable as fault:
        return Delivery([NOT_SENT], fault=fault, wrote=client.writes > writes), None
    except (Rejected, NotYet, TemporaryFault, RequestRefused) as why:
        made = why.made if isinstance(why, Rejected | NotYet) else None
        return Delivery([_outcome(why)], wrote=client.writes > writes), made


def _outcome(why: Rejected | NotYet | TemporaryFault | RequestRefused) -> RowResult:
    if isinstance(why, NotYet):
        return RowResult("waits", str(why), wait=why.wait, waits_for=why.waits_for)
    if isinstance(why, NoAnswer):
        return RowResult("unknown", str(why))
    if isinstance(why, TemporaryFault):
        return RowResult("temporary", str(why), why.retry_after)
    if isinstance(why, Rejected):
        return RowResult("refused", str(why), code=why.code, left_out=why.left_out)
    return refused(why)


async def found_document(
    context: RunContext[R], entity: DocumentParts[R, C], client: MagentoClient, message: Message
) -> Delivered | None:
    """Return the document in Magento, if it is there. Raises a `MagentoFault`."""
    content, link = content_and_link(context, entity.content, message)
    return await entity.find(context, client, message, content, link)


def content_and_link(context: RunContext[R], content: type[T], message: Message) -> tuple[T, Link | None]:
    """Return the message's content and the document's link, which is in doubt if a later attempt broke off."""
    with context.state.read() as connection:
        link = links.of_keys(connection, context.name, [message.key]).get(message.key)
        is_known = bool(ledger.of_records(connection, context.name, [], [message.key]))
    if link is not None and link.document is not None and not is_known:
        link = replace(link, in_doubt=True)
    return msgspec.json.decode(message.document or b"", type=content), link


def settled_as(settled: MessageOutcome, delivered: Delivered) -> MessageOutcome:
    """Return the outcome of a message with what is stored of its document in Magento."""
    message = settled.message
    document = message.document if delivered.sent_content is None else encoded(delivered.sent_content)
    link = Link(message.key, message.acumatica_key, delivered.magento_id, document, delivered.made_by)
    remark = settled.reason if delivered.remark is None or settled.state != SENT else delivered.remark
    return msgspec.structs.replace(
        settled, reason=remark, link=link, taken=delivered.taken, compensated=delivered.compensated
    )

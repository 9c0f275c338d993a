"""The parts that customers, orders and shipments share: each of them is a document, which is made once in Magento.

A document is one message: what Magento gets of one Acumatica record. A shipment that spans two orders makes two
documents. The queue treats documents like values, with the fingerprint of the document in place of the value, so that
nothing is queued that was sent already. Before a document is made it is searched for in Magento, by its link or its
mark. When an answer is lost, a search in Magento decides whether the document was made; it is never simply sent again.
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
"""How long after its answer was lost a request that arrived complete may still be applied. Five seconds were seen,
while every worker was busy (magento-observed.md, part two, section 7).
"""


class Document(msgspec.Struct, frozen=True):
    """What Magento must show of one document. `content` is a msgspec struct of the entity.

    Without content the document cannot be sent, or a setting skips it (`skipped`): `reason` is the explanation and
    `cause` its code. With neither content nor cause nothing more is sent for the document, and a pending message is
    superseded: Magento keeps what it has. `notes`: remarks for people on a document that is sent, such as a name that
    was changed.
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
    """The document as it is in Magento after a delivery.

    `taken`: the (SKU as Magento compares it, source) whose quantity the document changed. `compensated`: what a
    shipment took there for an order that we made, which Magento never reserved (ADR 0007). `sent_content`: the content
    that was sent, if it is less than the message holds. `remark`: a note for people on the delivery, such as a line
    that Magento does not know; it is shown in the run and with the record.
    """

    magento_id: str
    made_by: MadeBy = "sent"
    taken: tuple[tuple[str, str], ...] = ()
    compensated: tuple[Compensation, ...] = ()
    sent_content: Any = None
    remark: str | None = None


class Beside(msgspec.Struct, frozen=True):
    """A failure that is reported beside a document and does not hold the document itself back.

    It is queued under the document's key with `what` appended.
    """

    what: str
    cause: FailureCode
    reason: str


class DocumentParts(ABC, Generic[R, C]):
    """The parts that each document entity defines.

    content: the struct of its documents' content. skip_is_final: a document that a person skipped and that Magento does
    not have from us stays out, also when its content changes: it was made by hand there, and nothing would prevent a
    second one.
    """

    name: str
    content: type[C]
    skip_is_final = False

    @abstractmethod
    async def documents(self, context: RunContext[R], records: Mapping[str, dict[str, Any] | None]) -> list[Document]:
        """Return the documents of these records, where `None` means that Acumatica no longer has the record. May read
        Magento.
        """

    @abstractmethod
    def changed(self, before: C, now: C) -> C:
        """Return the content to send after `before` was sent.

        Raises `Rejected` for a change that Magento cannot follow and that holds back everything else.
        """

    @abstractmethod
    async def send(
        self, context: RunContext[R], client: MagentoClient, message: Message, content: C, link: Link | None
    ) -> Delivered:
        """Send the document to Magento, after searching for it. Raises `Rejected`, `NotYet` or a `MagentoFault`."""

    @abstractmethod
    async def find(
        self, context: RunContext[R], client: MagentoClient, message: Message, content: C, link: Link | None
    ) -> Delivered | None:
        """Return the document in Magento, found by link or mark; None unless Magento shows all that this message
        contains.
        """

    def beside(self, before: C, now: C) -> Beside | None:
        """Return a change that Magento cannot follow but that holds nothing else back."""
        return None

    def identity(self, context: RunContext[R], record: dict[str, Any]) -> str | None:
        """Return the value that must be unique in Magento, in compared form. Records that share it are computed
        together.
        """
        return None


def noted(changed: Sequence[Change]) -> tuple[str, ...]:
    """Return remarks on changed names for the run. They leave the names out, because Prefect stores what it shows."""
    return tuple(dict.fromkeys(one.without_name() for one in changed))


def encoded(content: Any) -> bytes:
    """Return the content as JSON; equal contents give equal bytes."""
    return msgspec.json.encode(content, order="sorted")


def fingerprint(document: bytes) -> int:
    """Return a positive 63-bit number that identifies the document."""
    return int.from_bytes(hashlib.sha256(document).digest()[:8], "big") >> 1


def says_the_same(document: bytes, content: Any) -> bool:
    """Return whether the document has this content. Fields that a later version of the connector added do not count as
    a change, so that an update does not send what a person skipped.
    """
    return _is_same(msgspec.json.decode(document), msgspec.json.decode(document, type=type(content)), content)


def _is_same(raw: Any, before: Any, now: Any) -> bool:
    if is_dataclass(before):
        names = [field.name for field in fields(before) if field.name in raw]
        return type(before) is type(now) and all(
            _is_same(raw[name], getattr(before, name), getattr(now, name)) for name in names
        )
    if isinstance(before, tuple):
        return len(before) == len(now) and all(map(_is_same, raw, before, now))
    return bool(before == now)


async def compute_documents(context: RunContext[R], entity: DocumentParts[R, C], pulled: Pulled) -> Computed:
    """Stage 2 for documents: return what has to be stored and queued for one chunk of pulled records."""
    to_store = _with_same_identity(context, entity, pulled.to_compute)
    documents_by_key = {key: _with_invoices(stored.record) for key, stored in to_store.items()}
    computed = await entity.documents(context, documents_by_key)
    for document in computed:
        for note in document.notes:
            context.remarks.note(document.key, note)
    with context.state.read() as connection:
        known_links = links.of_records(connection, context.name, list(documents_by_key))
        live = messages.live(connection, context.name, list(documents_by_key), [])
    unchanged_documents = {
        message.key: message.document for message in live if _is_kept(message) and message.document is not None
    }
    skipped = {message.key: message for message in live if _is_skipped_by_hand(message)}
    final = skipped.keys() - known_links.keys() if entity.skip_is_final else set()
    to_queue = [document for document in computed if document.content is not None or document.cause is not None]
    wanted = [_still_skipped(skipped[document.key]) for document in to_queue if document.key in final]
    wanted += [
        value
        for document in to_queue
        if document.key not in final
        for value in _desired_values(
            entity, document, known_links.get(document.key), unchanged_documents.get(document.key)
        )
    ]
    computed_keys = {document.key for document in computed}
    wanted += [
        _deleted(link) for link in known_links.values() if link.key not in computed_keys and link.document is not None
    ]
    wanted += [
        _desired(key, key, cause=FailureCode.UNREADABLE_RECORD, reason=reason) for key, reason in pulled.problems
    ]
    return Computed(
        acumatica_keys=[*documents_by_key, *(key for key, _reason in pulled.problems), *pulled.missing],
        wanted=wanted,
        withdrawn_value=None,
        stored=[*to_store.values(), *pulled.to_keep.values()],
        seen=pulled.seen,
        marks=list(pulled.marks.values()),
    )


def _with_same_identity(
    context: RunContext[R], entity: DocumentParts[R, C], pulled: Mapping[str, Stored]
) -> Mapping[str, Stored]:
    """Return the records of the chunk, each with its identity, and every other record that has one of these identities
    or one that a record of the chunk had before.
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
    """Return the record's document, including the invoices of an order that has any."""
    if record.document is None or not record.invoices:
        return record.document
    return {**record.document, "invoices": record.invoices}


def _is_kept(message: Message) -> bool:
    """Return whether the queue keeps this message as long as its document is unchanged: it is in a request, failed or
    skipped.
    """
    return message.state in (SENDING, FAILED, SKIPPED) and message.cause not in REOPENED_BY_THE_NEXT_SYNC


def _is_skipped_by_hand(message: Message) -> bool:
    return message.state == SKIPPED and message.cause == FailureCode.BY_HAND


def _still_skipped(message: Message) -> DesiredValue:
    """Return what leaves a skipped message as it is."""
    return _desired(
        message.acumatica_key, message.key, value=message.value, cause=FailureCode.BY_HAND, reason=message.reason
    )


def _desired_values(
    entity: DocumentParts[R, C], document: Document, link: Link | None, unchanged: bytes | None
) -> list[DesiredValue]:
    """Return what Magento must show of the document, and the failure reported beside it.

    `unchanged`: the document of a message that is kept if its content is the same.
    """
    if document.content is None:
        return [
            _desired(
                document.acumatica_key,
                document.key,
                cause=document.cause,
                reason=document.reason,
                skipped=document.skipped,
            )
        ]
    content, beside = document.content, None
    sent_document = None if link is None else link.document
    body = encoded(content)
    if sent_document is not None and sent_document != body:
        sent = msgspec.json.decode(sent_document, type=entity.content)
        beside = entity.beside(sent, content)
        try:
            content = entity.changed(sent, content)
        except Rejected as why:
            return [_desired(document.acumatica_key, document.key, cause=why.code, reason=str(why))]
        # as it was stored if nothing changed: a field that a later version added is not a change
        body = sent_document if content is sent else encoded(content)
    if unchanged is not None and says_the_same(unchanged, content):
        body = unchanged
    want = _desired(document.acumatica_key, document.key, value=fingerprint(body), document=body)
    return [want] if beside is None else [want, _beside(document, beside)]


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
    """Return a desired value of a document: it has no source, and its key stands in place of a SKU."""
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


def _beside(document: Document, beside: Beside) -> DesiredValue:
    """Return the failure beside the document. Its value is the fingerprint of the reason: once skipped, it stays
    skipped until the reason changes.
    """
    key, value = note_key(document.key, beside.what), fingerprint(beside.reason.encode())
    return _desired(document.acumatica_key, key, value=value, cause=beside.cause, reason=beside.reason)


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
    """Send one document and return its outcome and the document in Magento."""
    content, link = content_and_link(context, entity.content, message)
    writes = client.writes
    try:
        return Delivery([ACCEPTED]), await entity.send(context, client, message, content, link)
    except HostUnavailable as fault:
        return Delivery([NOT_SENT], fault=fault, wrote=client.writes > writes), None
    except (Rejected, NotYet, TemporaryFault, RequestRefused) as why:
        delivered = why.made if isinstance(why, Rejected | NotYet) else None
        return Delivery([_outcome(why)], wrote=client.writes > writes), delivered


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
    """Return the document in Magento if it is there. Raises a `MagentoFault`."""
    content, link = content_and_link(context, entity.content, message)
    return await entity.find(context, client, message, content, link)


def content_and_link(context: RunContext[R], content: type[T], message: Message) -> tuple[T, Link | None]:
    """Return the message's content and the document's link. The link is in doubt if a later attempt did not finish."""
    with context.state.read() as connection:
        link = links.of_keys(connection, context.name, [message.key]).get(message.key)
        is_known = bool(ledger.of_records(connection, context.name, [], [message.key]))
    if link is not None and link.document is not None and not is_known:
        link = replace(link, in_doubt=True)
    return msgspec.json.decode(message.document or b"", type=content), link


def settled_as(settled: MessageOutcome, delivered: Delivered) -> MessageOutcome:
    """Return the outcome of a message, with what is stored of its document in Magento."""
    message = settled.message
    document = message.document if delivered.sent_content is None else encoded(delivered.sent_content)
    link = Link(message.key, message.acumatica_key, delivered.magento_id, document, delivered.made_by)
    remark = settled.reason if delivered.remark is None or settled.state != SENT else delivered.remark
    return msgspec.structs.replace(
        settled, reason=remark, link=link, taken=delivered.taken, compensated=delivered.compensated
    )

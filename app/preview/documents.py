"""Preview what a change of Setup Parameters would change in documents: customers, orders and shipments.

The rules of the old and the new settings are applied to the records as they were last read from Acumatica, in a copy of
the state, and their documents are compared. Nothing is stored or sent. A rule may read from either system, for example
Magento's customer groups. If the new settings read records that have not been read yet, the preview says so; if the
stored records lack what the new settings need, the preview has a reason instead of figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.preview.copy_of_state import copy_of_records, keys_of_records, run_on_copy
from app.preview.examples import add_example
from app.preview.values import NOT_READ_YET, NOTHING_KNOWN
from app.run.context import run_context
from connector.clock import Clock
from connector.errors import ConnectorError
from connector.state.engine import State
from connector.state.queue.desired import DesiredValue
from connector.state.sync import links, records
from connector.state.sync.links import Link
from entities.base import RunContext
from entities.documents.document import compute_documents, fingerprint
from entities.documents.entity import DocumentEntity
from entities.from_settings import item_rule
from entities.pulled import Pulled
from entities.read_plan import ReadPlan
from settings import Settings, as_on_the_screen

MOST = 2_000
"""How many documents are compared: those with the last keys, which are the newest numbers."""
_PAGE = 250
_SELECTION = ("feeds", "chosen", "branches", "begins", "begins_on")
"""Fields of a read plan that select records: their change may need records that are not stored."""
_IRRELEVANT = ("overlap", "full_read_interval", "warehouses", "mapped")
"""Fields of a read plan that change no document."""
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class ExampleDocument:
    """A document that would be treated differently: what would happen to it, and why or which fields would change."""

    key: str
    becomes: str
    text: str
    is_alarming: bool = False


@dataclass
class DocumentPreview:
    """What would change for an entity's documents.

    Attributes:
        known: Records that were compared, `of` all that are stored.
        sent: Documents that are not sent now, but would be.
        again: Documents that would be sent again with other content.
        held: Documents that would be held back, with a reason.
        left_out: Documents that would not be sent any more.
        reads_more: The next sync would read records of which nothing is known yet.
        why_not: Why nothing could be predicted; empty if it could.
    """

    entity: str
    known: int = 0
    of: int = 0
    sent: int = 0
    again: int = 0
    held: int = 0
    left_out: int = 0
    examples: list[ExampleDocument] = field(default_factory=list)
    reads_more: bool = False
    why_not: str = ""
    is_documents = True

    @property
    def changed(self) -> int:
        """How many documents would be treated differently."""
        return self.sent + self.again + self.held + self.left_out


async def preview_documents(
    kind: DocumentEntity[Any, Any],
    plans: tuple[ReadPlan, ReadPlan],
    before: Settings,
    after: Settings,
    state: State,
    clock: Clock,
    progress: Callable[[str], object],
) -> DocumentPreview:
    """Return what the new settings would change for an entity. Raises `StateError`.

    `plans` are the read plans before and after the change.
    """
    preview = DocumentPreview(kind.name)
    preview.why_not, preview.reads_more = _why_not_stored(*plans), _reads_more(*plans)
    if not preview.why_not and after.missing():
        preview.why_not = (
            f"Both systems may have to be asked, and these settings are missing: {', '.join(after.missing())}."
        )
    if preview.why_not:
        return preview
    was_active = getattr(before.active, kind.name)
    try:
        with copy_of_records(state) as copy:
            keys = list(keys_of_records(copy, kind.name))
            preview.of, keys = len(keys), keys[-MOST:]
            async with run_context(run_on_copy(kind.name, after, copy, state, clock)) as context:
                context_before = _with_settings(context, before) if was_active else None
                for first in range(0, len(keys), _PAGE):
                    await _compare(preview, kind, context_before, context, keys[first : first + _PAGE], copy)
                    progress(f"{kind.name.capitalize()}: {preview.known:,} of {len(keys):,} compared")
    except ConnectorError as fault:
        preview.why_not = as_on_the_screen(str(fault))
    if not preview.why_not and not preview.known:
        preview.why_not = NOTHING_KNOWN
    return preview


def _why_not_stored(before: ReadPlan, after: ReadPlan) -> str:
    """Return why the stored records are not enough for the new settings; empty if they are."""
    unchanged = {name: getattr(before, name) for name in (*_SELECTION, *_IRRELEVANT)}
    if msgspec.structs.replace(after, **unchanged) == before:
        return ""
    return NOT_READ_YET


def _reads_more(before: ReadPlan, after: ReadPlan) -> bool:
    """Return whether the new plan selects records that the old one does not."""
    wider_branches = before.branches and not (after.branches and set(after.branches) <= set(before.branches))
    return bool(
        wider_branches
        or set(after.chosen) - set(before.chosen)
        or set(after.feeds) - set(before.feeds)
        or (after.begins or _EARLIEST) < (before.begins or _EARLIEST)
    )


def _with_settings(context: RunContext[Any], settings: Settings) -> RunContext[Any]:
    """Return the context with the rule and read plan of other settings."""
    plan = msgspec.structs.replace(context.entity.read_plan(settings, None), begins=context.read.begins)
    return msgspec.structs.replace(context, rule=context.entity.rule(settings), items=item_rule(settings), read=plan)


async def _compare(
    preview: DocumentPreview,
    kind: DocumentEntity[Any, Any],
    before: RunContext[Any] | None,
    after: RunContext[Any],
    keys: list[str],
    copy: State,
) -> None:
    with copy.read() as connection:
        stored = {key: row for key, row in records.read(connection, kind.name, keys).items() if row.record.is_there()}
        linked = links.of_records(connection, kind.name, list(stored))
    pulled = Pulled(stored, {}, [], {}, [])
    documents_before = {} if before is None else _by_key((await compute_documents(before, kind, pulled)).wanted)
    documents_after = _by_key((await compute_documents(after, kind, pulled)).wanted)
    preview.known += len(stored)
    for key in sorted({*documents_before, *documents_after}):
        _count(preview, key, documents_before.get(key), documents_after.get(key), linked.get(key))


def _by_key(desired: Iterable[DesiredValue]) -> dict[str, DesiredValue]:
    return {value.key: value for value in desired}


def _count(
    preview: DocumentPreview, key: str, before: DesiredValue | None, after: DesiredValue | None, link: Link | None
) -> None:
    """Count how one document would be treated, and keep it as an example if that differs from now."""
    linked_document = None if link is None else link.document
    version_before, version_after = _version(before), _version(after)
    if version_before is None and linked_document is not None:
        version_before = fingerprint(linked_document)
    if after is not None and version_after is not None:
        if version_after == version_before:
            return
        is_known = version_before is not None or link is not None
        preview.again, preview.sent = preview.again + is_known, preview.sent + (not is_known)
        document_before = (None if before is None else before.document) or linked_document
        text = _changes(document_before, after.document)
        add_example(preview.examples, ExampleDocument(key, "sent again" if is_known else "sent", text))
    elif after is not None and after.cause is not None and not after.skipped:
        if before is None or before.cause != after.cause:
            preview.held += 1
            text = as_on_the_screen(after.reason or "")
            add_example(preview.examples, ExampleDocument(key, "held back", text, is_alarming=True))
    elif link is None and version_before is not None:
        preview.left_out += 1
        text = "It is not in Magento yet, and would not be sent."
        add_example(preview.examples, ExampleDocument(key, "left out", text, is_alarming=True))


def _version(desired: DesiredValue | None) -> int | None:
    """Return the fingerprint of a document that would be sent, else None."""
    return None if desired is None or desired.cause is not None else desired.value


def _changes(before: bytes | None, after: bytes | None) -> str:
    """Return the fields that differ between two versions of a document, with the values of simple fields."""
    if before is None or after is None:
        return ""
    old, new = (msgspec.json.decode(document) for document in (before, after))
    changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return "; ".join(_change(name.replace("_", " "), old.get(name), new.get(name)) for name in changed)


def _change(name: str, old: object, new: object) -> str:
    if isinstance(old, dict | list) or isinstance(new, dict | list):
        return name
    return f"{name} {_as_text(old)} → {_as_text(new)}"


def _as_text(value: object) -> str:
    return "nothing" if value in (None, "") else str(value)

"""What a change of Setup Parameters would change of documents: customers, orders and shipments.

Input: the settings as they are and as they would be. Output: how many documents would be sent that are not now, sent
again with other content, held back with a reason, or left out. Both rules make documents of the records as Acumatica
last said them, in a copy of the state, and what they make is compared. Nothing is stored or sent; what a rule asks
either system, such as Magento's customer groups, is asked. Where the new settings read more than was read, that is
said; where what is stored does not show what they need, nothing is foreseen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.preview.copy_of_state import copy_of_what_is_known, keys_of_records, run_on_copy
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

EXAMPLES = 10
MOST = 2_000
"""Documents of which the change is foreseen: those with the last keys, which are the newest numbers."""
_PAGE = 250
_WIDENED = ("feeds", "chosen", "branches", "begins", "begins_on")
"""What a plan may say otherwise, though then more may be read than is stored."""
_HARMLESS = ("overlap", "full_read_interval", "warehouses", "mapped")
_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class ExampleDocument:
    """One document that is treated otherwise: what becomes of it, and why or what changes in it."""

    key: str
    becomes: str
    text: str
    is_telling: bool = False


@dataclass
class ForeseenDocuments:
    """What would become of an entity's documents. known: those of the records that were looked at, `of` all that are
    stored. sent: that are not sent now; again: sent with other content; held: held back, with a reason; left_out: not
    sent any more. reads_more: the next sync reads others, of which nothing is known. why_not: nothing is foreseen.
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
        """How many are treated otherwise."""
        return self.sent + self.again + self.held + self.left_out


async def foresee_documents(
    kind: DocumentEntity[Any, Any],
    plans: tuple[ReadPlan, ReadPlan],
    before: Settings,
    after: Settings,
    state: State,
    clock: Clock,
    progress: Callable[[str], object],
) -> ForeseenDocuments:
    """Return what the new settings would change of an entity. `plans`: what is read before and after. Raises
    `StateError`.
    """
    found = ForeseenDocuments(kind.name)
    found.why_not, found.reads_more = _not_stored(*plans), _reads_more(*plans)
    if not found.why_not and after.missing():
        found.why_not = (
            f"Both systems may have to be asked, and these settings are missing: {', '.join(after.missing())}."
        )
    if found.why_not:
        return found
    was_active = getattr(before.active, kind.name)
    try:
        with copy_of_what_is_known(state) as copy:
            keys = list(keys_of_records(copy, kind.name))
            found.of, keys = len(keys), keys[-MOST:]
            async with run_context(run_on_copy(kind.name, after, copy, state, clock)) as context:
                now = _with_settings(context, before) if was_active else None
                for first in range(0, len(keys), _PAGE):
                    await _compare(found, kind, now, context, keys[first : first + _PAGE], copy)
                    progress(f"{kind.name.capitalize()}: {found.known:,} of {len(keys):,} compared")
    except ConnectorError as fault:
        found.why_not = as_on_the_screen(str(fault))
    if not found.why_not and not found.known:
        found.why_not = NOTHING_KNOWN
    return found


def _not_stored(before: ReadPlan, after: ReadPlan) -> str:
    """Return why what is stored of a document is not enough for the new settings; empty where it is."""
    same = {name: getattr(before, name) for name in (*_WIDENED, *_HARMLESS)}
    if msgspec.structs.replace(after, **same) == before:
        return ""
    return NOT_READ_YET


def _reads_more(before: ReadPlan, after: ReadPlan) -> bool:
    """Return whether documents are read that were not read so far."""
    wider_branches = before.branches and not (after.branches and set(after.branches) <= set(before.branches))
    return bool(
        wider_branches
        or set(after.chosen) - set(before.chosen)
        or set(after.feeds) - set(before.feeds)
        or (after.begins or _FIRST) < (before.begins or _FIRST)
    )


def _with_settings(context: RunContext[Any], settings: Settings) -> RunContext[Any]:
    """Return the same run with the rule of other settings."""
    plan = msgspec.structs.replace(context.entity.read_plan(settings, None), begins=context.read.begins)
    return msgspec.structs.replace(context, rule=context.entity.rule(settings), items=item_rule(settings), read=plan)


async def _compare(
    found: ForeseenDocuments,
    kind: DocumentEntity[Any, Any],
    before: RunContext[Any] | None,
    after: RunContext[Any],
    keys: list[str],
    copy: State,
) -> None:
    with copy.read() as connection:
        stored = {key: one for key, one in records.read(connection, kind.name, keys).items() if one.record.is_there()}
        linked = links.of_records(connection, kind.name, list(stored))
    pulled = Pulled(stored, {}, [], {}, [])
    was = {} if before is None else _by_key((await compute_documents(before, kind, pulled)).wanted)
    becomes = _by_key((await compute_documents(after, kind, pulled)).wanted)
    found.known += len(stored)
    for key in sorted({*was, *becomes}):
        _count(found, key, was.get(key), becomes.get(key), linked)


def _by_key(wanted: Iterable[DesiredValue]) -> dict[str, DesiredValue]:
    return {one.key: one for one in wanted}


def _count(
    found: ForeseenDocuments,
    key: str,
    was: DesiredValue | None,
    becomes: DesiredValue | None,
    linked: Mapping[str, Link],
) -> None:
    link = linked.get(key)
    sends, sent = _value(becomes), _value(was)
    if link is not None and link.document is not None and sent is None:
        sent = fingerprint(link.document)
    if sends is not None:
        if sends == sent:
            return
        is_known = sent is not None or link is not None
        found.again, found.sent = found.again + is_known, found.sent + (not is_known)
        before = (was.document if was is not None else None) or (link.document if link is not None else None)
        assert becomes is not None
        _show(found, ExampleDocument(key, "sent again" if is_known else "sent", _changes(before, becomes.document)))
    elif becomes is not None and becomes.cause is not None and not becomes.skipped:
        if was is None or was.cause != becomes.cause:
            found.held += 1
            _show(found, ExampleDocument(key, "held back", as_on_the_screen(becomes.reason or ""), is_telling=True))
    elif link is None and sent is not None:
        found.left_out += 1
        _show(
            found, ExampleDocument(key, "left out", "It is not in Magento yet, and would not be sent.", is_telling=True)
        )


def _value(want: DesiredValue | None) -> int | None:
    return None if want is None or want.cause is not None else want.value


def _show(found: ForeseenDocuments, example: ExampleDocument) -> None:
    """Keep a few, those that somebody has to know of before all others."""
    if len(found.examples) < EXAMPLES:
        found.examples.append(example)
    elif example.is_telling and (dull := next((one for one in found.examples if not one.is_telling), None)):
        found.examples[found.examples.index(dull)] = example


def _changes(before: bytes | None, after: bytes | None) -> str:
    """Return what changes in a document that is known: its parts, and the values of those that have one."""
    if before is None or after is None:
        return ""
    was, becomes = (msgspec.json.decode(one) for one in (before, after))
    changed = [name for name in {**was, **becomes} if was.get(name) != becomes.get(name)]
    return "; ".join(_change(name.replace("_", " "), was.get(name), becomes.get(name)) for name in changed)


def _change(name: str, was: object, becomes: object) -> str:
    if isinstance(was, dict | list) or isinstance(becomes, dict | list):
        return name
    return f"{name} {_shown(was)} → {_shown(becomes)}"


def _shown(value: object) -> str:
    return "nothing" if value in (None, "") else str(value)

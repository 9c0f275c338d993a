"""Failed messages: groups by failure code with meaning and fix, the messages of a group, and single messages."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.deployment_names import full_name
from app.failed_messages import MOST_SKIPPED, audit_names, current_states, page_of, send_again, skip
from connector.model.failure_help import HELP, fix_of
from connector.model.failures import FailureCode, label_of
from connector.state.operator import actions, audit
from connector.state.queue.message import Message
from connector.state.queue.messages import FailedChoice, chosen_failed, count_failed
from entities.names import NAMES
from web.csv_lines import csv_lines
from web.routes import Done, Refused, Visit, action, page
from web.workspace import NotStarted

HISTORY = 20
CODES = ("failed.send_again", "failed.skip", "failed.link")
COLUMNS = ("id", "entity", "key", "source", "attempts", "when", "cause", "reason")


def show_groups(visit: Visit) -> Response:
    """Show the groups, the largest first, and the last operator actions."""
    entity = _entity(visit.query.get("entity", ""))
    with visit.workspace.state.read() as connection:
        found = actions.groups(connection)
        history = audit.newest(connection, [*CODES, *(f"{code}.refused" for code in CODES)], HISTORY)
        groups = [one for one in found if entity in ("", one.entity)]
        became = {one.number: current_states(connection, one.messages, one.at) for one in history if one.messages}
    return visit.render(
        "failed.html",
        entity=entity,
        counts=[(name, sum(one.how_many for one in found if one.entity == name)) for name in NAMES],
        of_all=sum(one.how_many for one in found),
        groups=[
            {"group": group, "address": _address(group.entity, group.cause), **_help(group.cause)} for group in groups
        ],
        total=sum(group.how_many for group in groups),
        history=history,
        became=became,
        times=visit.times,
    )


def show_group(visit: Visit) -> Response:
    """Show one page of the messages of a group."""
    choice = _choice(visit)
    number = visit.query.get("page", "1")
    with visit.workspace.state.read() as connection:
        wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 9 else 1
        shown = page_of(connection, choice, wanted)
    address = _address(choice.entity, choice.cause, choice.text)
    return visit.render(
        "failed_group.html",
        choice=choice,
        page=shown,
        rows=[
            {"message": message, "value": _value(message), "why": _why(message, choice.cause)} for message in shown.rows
        ],
        address=address,
        csv="/failed.csv" + address.partition("?")[1] + address.partition("?")[2],
        label=label_of(choice.cause) if choice.cause else "All failed messages",
        times=visit.times,
        **_help(choice.cause),
    )


def show_message(visit: Visit) -> Response:
    """Show one message with its possible actions."""
    with visit.workspace.state.read() as connection:
        found = chosen_failed(connection, FailedChoice(ids={visit.query.get("id", "")}))
    if not found:
        raise HTTPException(404, "This message is not failed, or no longer.")
    (one,) = found
    return visit.render(
        "failed_message.html",
        message=one,
        value=_value(one),
        label=label_of(one.cause or ""),
        address=_address(one.entity, one.cause or ""),
        may_be_linked=one.entity in linked(),
        times=visit.times,
        **_help(one.cause or ""),
    )


def as_csv(visit: Visit) -> Response:
    """Return all chosen messages as CSV."""
    with visit.workspace.state.read() as connection:
        found = chosen_failed(connection, _choice(visit))
    rows = [
        (
            one.id,
            one.entity,
            one.sku or one.key,
            one.source,
            one.attempts,
            one.changed_at.isoformat(timespec="seconds"),
            one.cause,
            one.reason,
        )
        for one in found
    ]
    headers = {"Content-Disposition": 'attachment; filename="failed-messages.csv"'}
    return Response(csv_lines([COLUMNS, *rows]), media_type="text/csv; charset=utf-8", headers=headers)


def _send_again(visit: Visit) -> Done:
    choice, back = _chosen_in_the_form(visit)
    sent = send_again(visit.workspace.state, choice, visit.now)
    counts = Counter(message.entity for message in sent)
    if not counts:
        raise Refused("Nothing was sent again: tick the messages first, or they have not failed any more.", back)
    text = f"{_count(counts.total())} sent again, with the newest state of Acumatica."
    late, run = [], None
    for entity in counts:
        try:
            run = visit.workspace.runs.start(full_name(entity))
        except NotStarted as why:
            late.append(f"{entity.capitalize()} goes with its next sync: {why}")
    return Done(" ".join([text, *late]), back, entity=_one_of(counts), run=run, messages=audit_names(sent))


def _skip(visit: Visit) -> Done:
    choice, back = _chosen_in_the_form(visit)
    reason = visit.form.get("reason", "").strip()[:500]
    if not reason:
        raise Refused("Nothing is skipped: say why in the field Reason.", back)
    state = visit.workspace.state
    with state.read() as connection:
        total = count_failed(connection, choice)
        found = chosen_failed(connection, choice, limit=MOST_SKIPPED)
    if total > MOST_SKIPPED:
        return _skip_in_a_run(visit, choice, total, reason, back)
    if not found:
        raise Refused("Nothing is skipped: tick the messages first, or they are not failed any more.", back)
    done = skip(state, found, reason, visit.now)
    left = f" {len(done.left):,} not: {done.left[0]}" if done.left else ""
    return Done(f"{_count(done.count)} skipped: {reason}.{left}", back, _one_of({one.entity: 1 for one in found}))


def _skip_in_a_run(visit: Visit, choice: FailedChoice, count: int, reason: str, back: str) -> Done:
    if choice.text or choice.ids is not None:
        raise Refused(f"At most {MOST_SKIPPED} messages are skipped at once: {count:,} are chosen.", back)
    parameters: dict[str, object] = {
        "what": "Skip them",
        "entity": choice.entity or "all",
        "cause": choice.cause,
        "reason": reason,
    }
    try:
        run = visit.workspace.runs.start("Reprocess Failed Messages/Reprocess Failed Messages", parameters)
    except NotStarted as why:
        raise Refused(f"Nothing is skipped: {why}", back) from why
    return Done(
        f"{count:,} messages are being skipped by the run {run.name}: {reason}.", back, choice.entity or None, run
    )


def _link(visit: Visit) -> Done:
    """Start a run that links the document: both systems have to be queried first (ADR 0054)."""
    number, magento_id = visit.form.get("id", ""), visit.form.get("magento_id", "").strip()[:100]
    back = f"/failed/message?{urlencode({'id': number})}"
    with visit.workspace.state.read() as connection:
        found = chosen_failed(connection, FailedChoice(ids={number}))
    if not found or found[0].entity not in linked():
        raise Refused("Nothing is linked: the message is not failed any more, or its entity has no links.", "/failed")
    one = found[0]
    if not (magento_id.isascii() and magento_id.isdigit()):
        raise Refused("Nothing is linked: the id in Magento (entity id) is a number.", back, one.entity)
    parameters: dict[str, object] = {"entity": one.entity, "key": one.key, "magento_id": magento_id}
    try:
        run = visit.workspace.runs.start("Link a Document/Link a Document", parameters)
    except NotStarted as why:
        raise Refused(f"Nothing is linked: {why}", back, one.entity) from why
    text = f"{one.entity.capitalize()} {one.key} is being linked to {magento_id} by the run {run.name}."
    return Done(text, back, one.entity, run)


def _chosen_in_the_form(visit: Visit) -> tuple[FailedChoice, str]:
    """Return the ticked messages, or all that match the page's filter; and the page to go back to."""
    form = visit.form
    entity, code, text = (form.get(name, "") for name in ("entity", "code", "text"))
    back = "/failed" if form.get("back") == "groups" else _address(entity, code, text)
    if form.get("which") == "all":
        return FailedChoice(_entity(entity), code, text), back
    return FailedChoice(ids=frozenset(form.getlist("id"))), back


def _choice(visit: Visit) -> FailedChoice:
    query = visit.query
    return FailedChoice(_entity(query.get("entity", "")), query.get("code", ""), query.get("text", "")[:200])


def _entity(name: str) -> str:
    if name and name not in NAMES:
        raise HTTPException(404)
    return name


def _address(entity: str, code: str, text: str = "") -> str:
    given = {"entity": entity, "code": code, "text": text}
    return f"/failed/group?{urlencode({name: value for name, value in given.items() if value})}"


def _help(code: str) -> dict[str, Any]:
    known = code in FailureCode._value2member_map_
    return {
        "meaning": HELP[FailureCode(code)].meaning if known else "",
        "fix": fix_of(code),
        "code_label": label_of(code),
    }


def linked() -> tuple[str, ...]:
    """Return the entities whose records a person may link."""
    from entities.registry import linked as names  # imported late: the entities load what other pages do not need

    return names()


def _value(message: Message) -> str:
    from entities.registry import ENTITIES  # imported late, too

    return ENTITIES[message.entity].value_text(message.value) or ""


def _why(message: Message, heading: str) -> str:
    """Return why it failed, without the label where the heading of the group is it."""
    label = label_of(message.cause or "")
    reason = message.reason or label
    return reason.removeprefix(f"{label}: ") if heading else reason


def _count(number: int) -> str:
    return "1 message is" if number == 1 else f"{number:,} messages are"


def _one_of(counts: dict[str, int]) -> str | None:
    return next(iter(counts)) if len(counts) == 1 else None


ROUTES = (
    page("/failed", show_groups),
    page("/failed/group", show_group),
    page("/failed/message", show_message),
    page("/failed.csv", as_csv),
    action("/failed/send-again", _send_again, code=CODES[0]),
    action("/failed/skip", _skip, code=CODES[1]),
    action("/failed/link", _link, code=CODES[2]),
)

"""One row for each thing that Magento must show, in place of its messages and its ledger row.

A message that waits, failed or was left out becomes a target with the message's number as its id; a failed one that was
never tried stands beside its place. What the ledger knew is what the target has confirmed. Requests name targets, and
every version of a document that was tried is kept apart. What was sent or superseded stays as the log of the requests
that it was in, and as a count by day.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_FIRST_DAY = 719_163
"""1970-01-01 as a proleptic ordinal."""
_MICROSECONDS_A_DAY = 86_400_000_000
_AT_ONCE = 500


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    _make_targets()
    op.create_table(
        "attempted_documents",
        sa.Column("target", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("fingerprint", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("request", sa.BigInteger(), nullable=False, comment="the first that tried it; below 1: a former one"),
        sa.Column("content", sa.LargeBinary(), nullable=False, comment="as JSON: Magento may know of it"),
    )
    op.create_table(
        "superseded",
        sa.Column("entity", _text, primary_key=True),
        sa.Column("day", sa.Integer(), primary_key=True, autoincrement=False, comment="UTC, as a proleptic ordinal"),
        sa.Column("messages", sa.Integer(), nullable=False, comment="how many were overtaken before they were sent"),
        sqlite_with_rowid=False,
    )
    # it goes with the table; without it every message is compared with every other one
    op.create_index("messages_at_one_place", "messages", ["entity", "key", "source"])
    for statement in _MESSAGES_TO_TARGETS:
        op.execute(statement)
    _number_targets_after_messages()
    for statement in _LEDGER_AND_LOG_TO_TARGETS:
        op.execute(statement)
    _requests_name_targets()
    op.drop_table("messages")
    op.drop_table("ledger")


def _make_targets() -> None:
    op.create_table(
        "targets",
        sa.Column("id", _id, primary_key=True, autoincrement=True),
        sa.Column("entity", _text, nullable=False),
        sa.Column("key", _text, nullable=False, comment="the SKU as Magento compares it, or a document's key"),
        sa.Column(
            "source", _text, nullable=False, server_default="", comment="the Magento source of a quantity, else empty"
        ),
        sa.Column(
            "rejected",
            sa.Boolean(),
            nullable=False,
            server_default=sa.text("false"),
            comment="whether it stands beside the place: a record that cannot be sent there",
        ),
        sa.Column("acumatica_key", _text, nullable=False, comment="the Acumatica record whose value this is"),
        sa.Column("sku", _text, comment="the SKU in the spelling that is sent"),
        sa.Column(
            "wanted",
            sa.BigInteger(),
            comment="price in 1/1,000,000, quantity in 1/10,000, or a document's fingerprint; none if nothing is sent",
        ),
        sa.Column("wanted_in_stock", sa.Boolean()),
        sa.Column("wanted_at", sa.BigInteger(), nullable=False, comment="since when it is wanted"),
        sa.Column(
            "seq", sa.Integer(), nullable=False, server_default="0", comment="rises with each value that is queued"
        ),
        sa.Column(
            "confirmed", sa.BigInteger(), comment="what Magento last confirmed, as `wanted`; none where nobody knows"
        ),
        sa.Column("confirmed_in_stock", sa.Boolean()),
        sa.Column("confirmed_at", sa.BigInteger()),
        sa.Column("state", _text, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column(
            "not_before",
            sa.BigInteger(),
            nullable=False,
            server_default="0",
            comment="no attempt before this instant",
        ),
        sa.Column("cause", _text, comment="the code of the failure, to group by"),
        sa.Column("reason", _text, comment="why it failed, in words"),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "wait", _text, comment="the code of what a pending target waits for; null where it waits for its turn"
        ),
        sa.Column("waiting_since", sa.BigInteger(), comment="since when it waits for that"),
        sa.Column("waits_for", _text, comment="the record whose sending ends the wait, as entity and Acumatica key"),
        sa.Column("wait_told_at", sa.BigInteger(), comment="when a person was told that it waits for long"),
        sa.Column("last_request", sa.BigInteger(), comment="the last request that it was in"),
        sa.Column("document", sa.LargeBinary(), comment="what Magento is told of a document, as JSON"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "targets_place", "targets", ["entity", "key", "source"], unique=True, **_where("NOT rejected")
    )
    op.create_index("targets_acumatica_key", "targets", ["entity", "acumatica_key"])
    turn = ["entity", "not_before", "id"]
    op.create_index("targets_pending", "targets", turn, **_where("state = 'pending'"))
    op.create_index("targets_stock_outs", "targets", turn, **_where("state = 'pending' AND wanted = 0"))
    op.create_index("targets_put_aside", "targets", ["entity", "key"], **_where("state IN ('failed', 'skipped')"))
    op.create_index("targets_waits_for", "targets", ["waits_for"], **_where("waits_for IS NOT NULL"))


_OF_A_MESSAGE = """
    INSERT INTO targets (id, entity, key, source, rejected, acumatica_key, sku, wanted, wanted_in_stock, wanted_at, seq,
        state, attempts, not_before, cause, reason, changed_at, wait, waiting_since, waits_for, wait_told_at,
        last_request, document)
    SELECT m.id, m.entity, m.key, m.source, {rejected}, m.acumatica_key, m.sku, m.value, m.in_stock, m.created_at, {seq},
        {state}, m.attempts, COALESCE(m.not_before, 0), m.cause, m.reason, m.changed_at, m.wait, m.waiting_since,
        CASE WHEN m.state = 'pending' THEN m.waits_for END, m.wait_told_at, m.request, m.document
    FROM messages m WHERE
"""
_AT_ITS_PLACE = "o.entity = m.entity AND o.key = m.key AND o.source = m.source"
_OVERTAKES = f"""
    CASE WHEN EXISTS (SELECT 1 FROM messages o WHERE {_AT_ITS_PLACE} AND o.state = 'sending') THEN 2 ELSE 1 END
"""
_HAS_NONE = "NOT EXISTS (SELECT 1 FROM targets o WHERE o.entity = m.entity AND o.key = m.key AND o.source = m.source)"
_TRIED = "(m.attempts > 0 OR m.state = 'sending' OR m.request IS NOT NULL)"
_MESSAGES_TO_TARGETS = (
    _OF_A_MESSAGE.format(rejected="false", seq=_OVERTAKES, state="'pending'") + "m.state = 'pending'",
    # on its way, and nothing newer is wanted by now
    _OF_A_MESSAGE.format(rejected="false", seq="2", state="'superseded'")
    + f"""
        m.state = 'sending' AND {_HAS_NONE} AND m.id =
            (SELECT max(o.id) FROM messages o WHERE {_AT_ITS_PLACE} AND o.state = 'sending')
    """,
    _OF_A_MESSAGE.format(rejected="false", seq="1", state="m.state")
    + f"""
        m.state IN ('failed', 'skipped') AND m.attempts > 0 AND {_HAS_NONE} AND m.id =
            (SELECT max(o.id) FROM messages o
             WHERE {_AT_ITS_PLACE} AND o.state IN ('failed', 'skipped') AND o.attempts > 0)
    """,
    _OF_A_MESSAGE.format(rejected="true", seq="1", state="m.state")
    + f"""
        m.state IN ('failed', 'skipped') AND NOT EXISTS (SELECT 1 FROM targets o WHERE o.id = m.id) AND m.id =
            (SELECT max(o.id) FROM messages o WHERE {_AT_ITS_PLACE} AND o.acumatica_key = m.acumatica_key
             AND o.state IN ('failed', 'skipped') AND NOT EXISTS (SELECT 1 FROM targets t WHERE t.id = o.id))
    """,
)
_LEDGER_AND_LOG_TO_TARGETS = (
    """
    INSERT INTO targets (entity, key, source, acumatica_key, sku, wanted, wanted_in_stock, wanted_at, confirmed,
        confirmed_in_stock, confirmed_at, state, changed_at)
    SELECT entity, key, source, acumatica_key, sku, value, in_stock, confirmed_at, value, in_stock, confirmed_at, 'sent',
        confirmed_at
    FROM ledger WHERE true
    ON CONFLICT (entity, key, source) WHERE NOT rejected DO UPDATE SET confirmed = excluded.confirmed,
        confirmed_in_stock = excluded.confirmed_in_stock, confirmed_at = excluded.confirmed_at
    """,
    # what was tried of a document is kept, also where nobody knows any more what Magento has of it
    _OF_A_MESSAGE.format(rejected="false", seq="1", state="'superseded'")
    + f"""
        m.document IS NOT NULL AND {_TRIED} AND NOT EXISTS (
            SELECT 1 FROM targets o
            WHERE o.entity = m.entity AND o.key = m.key AND o.source = m.source AND NOT o.rejected
        ) AND m.id = (
            SELECT max(o.id) FROM messages o WHERE {_AT_ITS_PLACE} AND o.document IS NOT NULL
            AND (o.attempts > 0 OR o.state = 'sending' OR o.request IS NOT NULL)
        )
        AND NOT EXISTS (SELECT 1 FROM targets t WHERE t.id = m.id)
    """,
    f"""
    INSERT INTO attempted_documents (target, fingerprint, request, content)
    SELECT t.id, m.value, COALESCE(m.request, m.id - (SELECT max(id) FROM messages)), m.document
    FROM messages m JOIN targets t
        ON t.entity = m.entity AND t.key = m.key AND t.source = m.source AND NOT t.rejected
    WHERE m.document IS NOT NULL AND m.value IS NOT NULL AND {_TRIED} AND m.id = (
        SELECT min(o.id) FROM messages o WHERE {_AT_ITS_PLACE} AND o.value = m.value AND o.document IS NOT NULL
        AND (o.attempts > 0 OR o.state = 'sending' OR o.request IS NOT NULL)
    )
    """,
    f"""
    INSERT INTO superseded (entity, day, messages)
    SELECT entity, {_FIRST_DAY} + changed_at / {_MICROSECONDS_A_DAY}, count(*) FROM messages
    WHERE state = 'superseded' GROUP BY entity, {_FIRST_DAY} + changed_at / {_MICROSECONDS_A_DAY}
    """,
)


def _number_targets_after_messages() -> None:
    """No new target has the number of a former message."""
    connection = op.get_bind()
    last = connection.execute(sa.text("SELECT max(id) FROM messages")).scalar()
    if last is None:
        return
    if connection.dialect.name == "postgresql":
        op.execute(f"SELECT setval(pg_get_serial_sequence('targets', 'id'), {last})")
        return
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'targets'")
    op.execute(f"INSERT INTO sqlite_sequence (name, seq) VALUES ('targets', {last})")


def _make_requests() -> None:
    op.create_table(
        "requests",
        sa.Column("id", _id, primary_key=True, autoincrement=True),
        sa.Column("entity", _text, nullable=False),
        sa.Column("state", _text, nullable=False, comment="sending, settled"),
        sa.Column("fence", sa.BigInteger(), nullable=False, comment="the run that sent it"),
        sa.Column("sent", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("lost_at", sa.BigInteger(), comment="when its answer was lost"),
        sa.Column("settled_at", sa.BigInteger()),
        sa.Column("oldest_wanted_at", sa.BigInteger(), comment="since when the oldest of its values was wanted"),
        sa.Column("targets", _text, nullable=False, comment="JSON, as the lists that follow, place by place"),
        sa.Column("seqs", _text, nullable=False, comment="which of their values"),
        sa.Column("new_values", _text, nullable=False, comment="what they wanted"),
        sa.Column("new_in_stock", _text),
        sa.Column("old_values", _text, nullable=False, comment="what Magento had confirmed before"),
        sa.Column("old_in_stock", _text),
        sa.Column("previous", _text, comment="the request before, of each of them that had one"),
        sa.Column("left_open", _text, comment="the targets without an outcome, where only some have none"),
        sa.Column(
            "not_sent",
            _text,
            comment="what was not accepted: lists of what became of it, its cause and reason, and the targets, as JSON",
        ),
    )
    op.create_index("requests_open", "requests", ["entity"], **_where("state = 'sending'"))
    op.create_index("requests_sent_at", "requests", ["entity", "sent_at"])


_LISTS = ("new_values", "new_in_stock", "old_values", "old_in_stock")
_FORMER = """
    SELECT id, entity, state, fence, sent, failed, sent_at, lost_at, settled_at, message_ids, left_open, new_values,
        new_in_stock, old_values, old_in_stock FROM former_requests WHERE id > :after ORDER BY id LIMIT 500
"""
_TARGET_OF = sa.text("""
    SELECT m.id, t.id, m.state, m.cause, m.reason, m.request, m.created_at, t.seq
    FROM messages m JOIN targets t
        ON t.entity = m.entity AND t.key = m.key AND t.source = m.source AND NOT t.rejected
    WHERE m.id IN :ids
""").bindparams(sa.bindparam("ids", expanding=True))


def _requests_name_targets() -> None:
    op.drop_index("requests_open", table_name="requests")
    op.rename_table("requests", "former_requests")
    _make_requests()
    connection = op.get_bind()
    last_request: dict[int, int] = {}
    after = 0
    while rows := connection.execute(sa.text(_FORMER), {"after": after}).mappings().all():
        after = rows[-1]["id"]
        kept = [_with_targets(connection, row, last_request) for row in rows]
        connection.execute(_INTO_REQUESTS, [row for row in kept if row is not None])
    given = [{"target": target, "request": request} for target, request in last_request.items()]
    for part in _parts(given):
        connection.execute(sa.text("UPDATE targets SET last_request = :request WHERE id = :target"), part)
    if connection.dialect.name == "postgresql" and after:
        op.execute(f"SELECT setval(pg_get_serial_sequence('requests', 'id'), {after})")
    op.drop_table("former_requests")


_INTO_REQUESTS = sa.text("""
    INSERT INTO requests (id, entity, state, fence, sent, failed, sent_at, lost_at, settled_at, oldest_wanted_at,
        targets, seqs, new_values, new_in_stock, old_values, old_in_stock, previous, left_open, not_sent)
    VALUES (:id, :entity, :state, :fence, :sent, :failed, :sent_at, :lost_at, :settled_at, :oldest_wanted_at,
        :targets, :seqs, :new_values, :new_in_stock, :old_values, :old_in_stock, :previous, :left_open, :not_sent)
""")


def _with_targets(connection: sa.Connection, row: Any, last_request: dict[int, int]) -> dict[str, Any] | None:
    """Return a request as it names targets; None if nothing is known of any of its messages."""
    ids = json.loads(row["message_ids"])
    found = {known[0]: known[1:] for part in _parts(ids) for known in connection.execute(_TARGET_OF, {"ids": part})}
    is_open = row["state"] == "sending"
    places = [place for place, number in enumerate(ids) if number in found]
    if not places:
        return None
    targets = [found[ids[place]][0] for place in places]
    not_sent: dict[tuple[Any, ...], list[int]] = {}
    for place in places:
        target, state, cause, reason, request, _created_at, _seq = found[ids[place]]
        if request == row["id"] and state in ("failed", "skipped", "superseded"):
            not_sent.setdefault((state, cause, reason), []).append(target)
    left = None if row["left_open"] is None else [found[one][0] for one in json.loads(row["left_open"])]
    previous = [last_request.get(target) for target in targets]
    last_request.update(dict.fromkeys(targets, row["id"]))
    lists = {name: _at(row[name], places) for name in _LISTS}
    return {
        **{name: row[name] for name in ("id", "entity", "state", "fence", "sent", "failed", "sent_at")},
        **{name: row[name] for name in ("lost_at", "settled_at")},
        **lists,
        "oldest_wanted_at": min(found[ids[place]][5] for place in places),
        "targets": _json(targets),
        # an open one has its own value, or an older one than its target wants by now
        "seqs": _json([1 if is_open else 0 for _target in targets]),
        "previous": _json(previous) if any(previous) else None,
        "left_open": None if left is None else _json(left),
        "not_sent": _json([[*what, those] for what, those in not_sent.items()]) if not_sent and not is_open else None,
    }


def _at(text: str | None, places: Sequence[int]) -> str | None:
    if text is None:
        return None
    values = json.loads(text)
    return _json([values[place] for place in places])


def _json(values: Iterable[Any]) -> str:
    return json.dumps(list(values), separators=(",", ":"), ensure_ascii=False)


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def downgrade() -> None:
    """Messages and ledger again: what waits, failed or was left out, what is on its way, and what Magento confirmed."""
    _make_messages_and_ledger()
    for statement in _TO_MESSAGES:
        op.execute(statement)
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute("SELECT setval(pg_get_serial_sequence('messages', 'id'), GREATEST((SELECT max(id) FROM targets), 1))")
    _requests_name_messages(connection)
    for table in ("targets", "attempted_documents", "superseded"):
        op.drop_table(table)


def _make_messages_and_ledger() -> None:
    op.create_table(
        "messages",
        sa.Column("id", _id, primary_key=True, autoincrement=True),
        sa.Column("entity", _text, nullable=False),
        sa.Column("key", _text, nullable=False, comment="the SKU as Magento compares it, or a document's key"),
        sa.Column(
            "source", _text, nullable=False, server_default="", comment="the Magento source of a quantity, else empty"
        ),
        sa.Column("acumatica_key", _text, nullable=False, comment="the Acumatica record that the message tells of"),
        sa.Column("sku", _text, comment="the SKU in the spelling that is sent"),
        sa.Column("value", sa.BigInteger()),
        sa.Column("in_stock", sa.Boolean()),
        sa.Column("document", sa.LargeBinary(), comment="what Magento is told of a document, as JSON"),
        sa.Column("state", _text, nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False, server_default=sa.text("true")),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("not_before", sa.BigInteger(), comment="no attempt before this instant"),
        sa.Column("cause", _text, comment="the kind of failure, to group by"),
        sa.Column("reason", _text, comment="why it failed, in words"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("wait", _text),
        sa.Column("waiting_since", sa.BigInteger()),
        sa.Column("waits_for", _text),
        sa.Column("wait_told_at", sa.BigInteger()),
        sa.Column("request", sa.BigInteger(), comment="the last request that it was in"),
    )
    place = ["entity", "key", "source"]
    op.create_index("messages_pending", "messages", place, unique=True, **_where("state = 'pending'"))
    op.create_index("messages_sending", "messages", place, **_where("state = 'sending'"))
    op.create_index("messages_failed", "messages", ["entity", "key"], **_where("state = 'failed'"))
    op.create_index("messages_live", "messages", ["entity", "key"], **_where("live"))
    op.create_index("messages_live_acumatica_key", "messages", ["entity", "acumatica_key"], **_where("live"))
    waiting = "state = 'pending' AND waits_for IS NOT NULL"
    op.create_index("messages_waiting", "messages", ["waits_for"], **_where(waiting))
    op.create_table(
        "ledger",
        sa.Column("entity", _text, primary_key=True),
        sa.Column("key", _text, primary_key=True),
        sa.Column("source", _text, primary_key=True),
        sa.Column("acumatica_key", _text, nullable=False),
        sa.Column("sku", _text, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("in_stock", sa.Boolean()),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ledger_acumatica_key", "ledger", ["entity", "acumatica_key"])


_TO_MESSAGES = (
    """
    INSERT INTO messages (id, entity, key, source, acumatica_key, sku, value, in_stock, document, state, live, attempts,
        not_before, cause, reason, created_at, changed_at, wait, waiting_since, waits_for, wait_told_at, request)
    SELECT id, entity, key, source, acumatica_key, sku, wanted, wanted_in_stock, document, state, true, attempts,
        NULLIF(not_before, 0), cause, reason, wanted_at, changed_at, wait, waiting_since, waits_for, wait_told_at,
        last_request
    FROM targets WHERE state IN ('pending', 'failed', 'skipped')
    """,
    """
    INSERT INTO ledger (entity, key, source, acumatica_key, sku, value, in_stock, confirmed_at)
    SELECT entity, key, source, acumatica_key, COALESCE(sku, key), confirmed, confirmed_in_stock,
        COALESCE(confirmed_at, changed_at)
    FROM targets WHERE confirmed IS NOT NULL AND NOT rejected
    """,
)
_MESSAGE = sa.text("""
    INSERT INTO messages (entity, key, source, acumatica_key, sku, value, in_stock, document, state, live, attempts,
        created_at, changed_at, request)
    SELECT t.entity, t.key, t.source, t.acumatica_key, t.sku, CAST(:value AS BIGINT), CAST(:in_stock AS BOOLEAN),
        CASE WHEN a.content IS NULL AND t.wanted = :value THEN t.document ELSE a.content END, :state, :live,
        CAST(:attempts AS INTEGER), t.wanted_at, t.changed_at, CAST(:request AS BIGINT)
    FROM targets t LEFT JOIN attempted_documents a ON a.target = t.id AND a.fingerprint = :value
    WHERE t.id = :target RETURNING id
""")


def _requests_name_messages(connection: sa.Connection) -> None:
    op.drop_index("requests_open", table_name="requests")
    op.drop_index("requests_sent_at", table_name="requests")
    op.rename_table("requests", "newer_requests")
    op.create_table(
        "requests",
        sa.Column("id", _id, primary_key=True, autoincrement=True),
        sa.Column("entity", _text, nullable=False),
        sa.Column("state", _text, nullable=False, comment="sending, settled"),
        sa.Column("fence", sa.BigInteger(), nullable=False, comment="the run that sent it"),
        sa.Column("message_ids", _text, nullable=False, comment="JSON, as the lists that follow, place by place"),
        sa.Column("new_values", _text, nullable=False, comment="what the messages said"),
        sa.Column("new_in_stock", _text),
        sa.Column("old_values", _text, nullable=False, comment="what Magento had confirmed before"),
        sa.Column("old_in_stock", _text),
        sa.Column("left_open", _text, comment="the messages without an outcome, where only some have none"),
        sa.Column("sent", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("lost_at", sa.BigInteger(), comment="when its answer was lost"),
        sa.Column("settled_at", sa.BigInteger()),
    )
    op.create_index("requests_open", "requests", ["entity"], **_where("state = 'sending'"))
    is_open = sa.text("SELECT * FROM newer_requests WHERE state = 'sending' ORDER BY id")
    for row in connection.execute(is_open).mappings().all():
        ids = _messages_of(connection, row)
        left = None if row["left_open"] is None else [ids[target] for target in json.loads(row["left_open"])]
        given = {
            **{name: row[name] for name in ("id", "entity", "fence", "sent_at", "lost_at", "sent", "failed", *_LISTS)},
            "message_ids": _json(ids.values()),
            "left_open": None if left is None else _json(left),
        }
        connection.execute(_OPEN_AGAIN, given)
    _documents_that_were_tried(connection)
    if connection.dialect.name == "postgresql":
        last = connection.execute(sa.text("SELECT max(id) FROM newer_requests")).scalar()
        op.execute(f"SELECT setval(pg_get_serial_sequence('requests', 'id'), {last or 1})")
    op.drop_table("newer_requests")


_OPEN_AGAIN = sa.text("""
    INSERT INTO requests (id, entity, state, fence, message_ids, new_values, new_in_stock, old_values, old_in_stock,
        left_open, sent, failed, sent_at, lost_at)
    VALUES (:id, :entity, 'sending', :fence, :message_ids, :new_values, :new_in_stock, :old_values, :old_in_stock,
        :left_open, :sent, :failed, :sent_at, :lost_at)
""")


def _messages_of(connection: sa.Connection, request: Any) -> dict[int, int]:
    """Return the message of each target in an open request; one that its target has overtaken is made."""
    targets, seqs = json.loads(request["targets"]), json.loads(request["seqs"])
    stock = json.loads(request["new_in_stock"]) if request["new_in_stock"] else [None] * len(targets)
    lists = zip(targets, seqs, json.loads(request["new_values"]), stock, strict=True)
    ids: dict[int, int] = {}
    known = sa.text("SELECT seq FROM targets WHERE id = :id AND state IN ('pending', 'failed', 'skipped')")
    for target, seq, value, in_stock in lists:
        if connection.execute(known, {"id": target}).scalar() == seq:
            ids[target] = target
            continue
        given = {"target": target, "value": value, "in_stock": None if in_stock is None else bool(in_stock)}
        says = {"state": "sending", "live": True, "attempts": 0, "request": request["id"]}
        ids[target] = connection.execute(_MESSAGE, {**given, **says}).scalar_one()
    return ids


def _documents_that_were_tried(connection: sa.Connection) -> None:
    tried = connection.execute(sa.text("SELECT target, fingerprint FROM attempted_documents ORDER BY request")).all()
    for target, fingerprint in tried:
        given = {"target": target, "value": fingerprint, "in_stock": None, "state": "superseded", "live": False}
        connection.execute(_MESSAGE, {**given, "attempts": 1, "request": None})

"""The state database: what the connector remembers between two syncs.

Portable over SQLite and PostgreSQL: integers, texts and bytes only. Every instant is an integer of microseconds since
1970 in UTC (`micros` and `instant` convert); quantities are in 1/10,000 and prices in 1/1,000,000, as in the rules.

What Magento must show at a place (a key and a Magento source) is one row of `targets`: what is wanted there, what
Magento has confirmed, and a state (`connector.state.queue.transitions` decides what becomes of it)::

            commit_chunk                 settle: accepted
    ─────────────────────▶ pending ───────────────────────────▶ sent ───▶ pending (another value is wanted)
                           │  ▲  │
        nothing is to be   │  │  │ settle: refused, or out of attempts
        sent any more      │  │  └──────────────────────▶ failed ──▶ pending (another value, or sent again)
                           ▼  │ another value                │
                  superseded  │                              └────▶ skipped (skip)
                              │                                     │
                              └─────────────────────────────────────┘

A message is what a target wants at one time: its id is the target's and the target's sequence number, which rises with
each value that is queued. A newer value overwrites an older one. A record that cannot be sent, such as each of two
items with one SKU, has a row of its own beside, which is `rejected`: it says nothing of what Magento shows there.

A message is `sending` because an open row of `requests` has it: its target stays as it was. It may want something newer
meanwhile, and waits then until that request has ended.

A pending target may have a wait reason (`settle: waits`): the business has to move on before it can be sent, such as a
payment. It is checked again at its `not_before` and is pending in everything else: a newer value overwrites it, it
can be skipped, and it is claimed like any other once it is due.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    column,
    table,
    text,
)

from connector.state.text import StorableText

metadata = MetaData()

PENDING, SENDING, SENT, FAILED, SUPERSEDED, SKIPPED = (
    "pending",
    "sending",
    "sent",
    "failed",
    "superseded",
    "skipped",
)
STATES = (PENDING, SENDING, SENT, FAILED, SUPERSEDED, SKIPPED)
CLOSED = (SENT, SUPERSEDED)
"""The states in which nothing is to be sent or reported: Magento shows it, or it is not wanted."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return an aware instant as microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def instant(value: int) -> datetime:
    """Return microseconds since 1970 as an aware instant in UTC."""
    return _EPOCH + value * _MICROSECOND


def _where(condition: str) -> dict[str, Any]:
    """Return the rows that an index holds, for either database."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def _of_put_aside(value: str) -> Computed:
    """Return a column that has this value where the target failed or was left out, and is empty else."""
    return Computed(f"CASE WHEN state IN ('{FAILED}', '{SKIPPED}') THEN {value} END")


_Id = BigInteger().with_variant(Integer, "sqlite")

targets = Table(
    "targets",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("entity", StorableText, nullable=False),
    Column("key", StorableText, nullable=False, comment="the SKU as Magento compares it, or a document's key"),
    Column(
        "source",
        StorableText,
        nullable=False,
        server_default="",
        comment="the Magento source of a quantity, else empty",
    ),
    Column(
        "rejected",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="whether it stands beside the place: a record that cannot be sent there",
    ),
    Column("acumatica_key", StorableText, nullable=False, comment="the Acumatica record whose value this is"),
    Column("sku", StorableText, comment="the SKU in the spelling that is sent"),
    Column(
        "wanted",
        BigInteger,
        comment="price in 1/1,000,000, quantity in 1/10,000, or a document's fingerprint; none if nothing is sent",
    ),
    Column("wanted_in_stock", Boolean),
    Column("wanted_at", BigInteger, nullable=False, comment="since when it is wanted"),
    Column("seq", Integer, nullable=False, server_default="0", comment="rises with each value that is queued"),
    Column("confirmed", BigInteger, comment="what Magento last confirmed, as `wanted`; none where nobody knows"),
    Column("confirmed_in_stock", Boolean),
    Column("confirmed_at", BigInteger),
    Column("state", StorableText, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", BigInteger, nullable=False, server_default="0", comment="no attempt before this instant"),
    Column("cause", StorableText, comment="the code of the failure, to group by"),
    Column("reason", StorableText, comment="why it failed, in words"),
    Column("changed_at", BigInteger, nullable=False),
    Column(
        "wait", StorableText, comment="the code of what a pending target waits for; null where it waits for its turn"
    ),
    Column("waiting_since", BigInteger, comment="since when it waits for that"),
    Column("waits_for", StorableText, comment="the record whose sending ends the wait, as entity and Acumatica key"),
    Column("wait_told_at", BigInteger, comment="when a person was told that it waits for long"),
    Column("last_request", BigInteger, comment="the last request that it was in"),
    Column("document", LargeBinary, comment="what Magento is told of a document, as JSON"),
    Column("put_aside", StorableText, _of_put_aside("state"), comment="the state where it failed or was left out"),
    Column("put_aside_at", BigInteger, _of_put_aside("changed_at"), comment="since when"),
    sqlite_autoincrement=True,  # the id of a row that is gone must not mean another one
)
"""On PostgreSQL no index of it names a column that changes while a value is wanted, claimed and confirmed: every index
would be written for each of these changes (migration 0027).
"""
Index("targets_place", targets.c.entity, targets.c.key, targets.c.source, unique=True, **_where("NOT rejected"))
Index("targets_acumatica_key", targets.c.entity, targets.c.acumatica_key)
_IS_ASIDE = "put_aside IS NOT NULL"
Index("targets_put_aside", targets.c.entity, targets.c.key, **_where(_IS_ASIDE))
Index(
    "targets_causes",
    *(targets.c.put_aside, targets.c.entity, targets.c.cause, targets.c.put_aside_at),
    **_where(_IS_ASIDE),
)
Index("targets_waits_for", targets.c.waits_for, **_where("waits_for IS NOT NULL"))

_turn = (targets.c.entity, targets.c.not_before, targets.c.id)
Index("targets_pending", *_turn, sqlite_where=text("state = 'pending'"))
Index("targets_stock_outs", *_turn, sqlite_where=text("state = 'pending' AND wanted = 0"))
ON_SQLITE_ONLY = {"targets_pending", "targets_stock_outs"}
"""Indexes that are not made on PostgreSQL, which has `turns` for them."""

turns = table(
    "turns",
    column("entity", StorableText),
    column("attempts", Integer),
    column("not_before", BigInteger),
    column("target", BigInteger),
    column("is_stock_out", Boolean),
    column("waits", Boolean),
    column("wanted_at", BigInteger),
)
"""The pending targets in the order of their turns; `waits`: with a wait reason. On SQLite it is a view over
`targets_pending`, on PostgreSQL a table that triggers keep as an index would be kept. Nothing else writes to it.
"""
PENDING_TARGETS = turns.join(targets, turns.c.target == targets.c.id)

IS_PENDING = text(f"targets.state = '{PENDING}'")
IS_FAILED = text(f"targets.put_aside = '{FAILED}'")
IS_PLACE = text("NOT targets.rejected")
IS_PUT_ASIDE = text("targets.put_aside IS NOT NULL")
"""In letters, as the indexes say it: with parameters they would not be used."""

requests = Table(
    "requests",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("entity", StorableText, nullable=False),
    Column("state", StorableText, nullable=False, comment="sending, settled"),
    Column("fence", BigInteger, nullable=False, comment="the run that sent it"),
    Column("sent", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("sent_at", BigInteger, nullable=False),
    Column("lost_at", BigInteger, comment="when its answer was lost"),
    Column("settled_at", BigInteger),
    Column("oldest_wanted_at", BigInteger, comment="since when the oldest of its values was wanted"),
    Column("targets", StorableText, nullable=False, comment="JSON, as the lists that follow, place by place"),
    Column("seqs", StorableText, nullable=False, comment="which of their values"),
    Column("new_values", StorableText, nullable=False, comment="what they wanted"),
    Column("new_in_stock", StorableText),
    Column("old_values", StorableText, nullable=False, comment="what Magento had confirmed before"),
    Column("old_in_stock", StorableText),
    Column("previous", StorableText, comment="the request before, of each of them that had one"),
    Column("left_open", StorableText, comment="the targets without an outcome, where only some have none"),
    Column(
        "not_sent",
        StorableText,
        comment="what was not accepted: lists of what became of it, its cause and reason, and the targets, as JSON",
    ),
)
Index("requests_open", requests.c.entity, **_where("state = 'sending'"))
Index("requests_sent_at", requests.c.entity, requests.c.sent_at, requests.c.sent, requests.c.failed)

attempted_documents = Table(
    "attempted_documents",
    metadata,
    Column("target", BigInteger, primary_key=True, autoincrement=False),
    Column("fingerprint", BigInteger, primary_key=True, autoincrement=False),
    Column("request", BigInteger, nullable=False, comment="the first that tried it; below 1: a former one"),
    Column("content", LargeBinary, nullable=False, comment="as JSON: Magento may know of it"),
)

superseded = Table(
    "superseded",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False, comment="UTC, as a proleptic ordinal"),
    Column("messages", Integer, nullable=False, comment="how many were overtaken before they were sent"),
    sqlite_with_rowid=False,
)

records = Table(
    "records",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("acumatica_key", StorableText, primary_key=True),
    Column("key", StorableText, comment="the SKU as Magento compares it"),
    Column("data", LargeBinary, nullable=False, comment="what Acumatica last said of the record, as JSON"),
    Column("next_change", Integer, comment="the next day (proleptic ordinal) on which its value changes by itself"),
    Column("facts_seen", Integer, comment="the sweep that last saw the record itself"),
    Column("rows_seen", Integer, comment="the sweep that last saw its quantities or price rows"),
    Column("vendor_seen", Integer, comment="the sweep that last saw its vendor quantity"),
    sqlite_with_rowid=False,
)
Index("records_key", records.c.entity, records.c.key)
Index("records_next_change", records.c.entity, records.c.next_change, **_where("next_change IS NOT NULL"))

rechecks = Table(
    "rechecks",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("key", StorableText, primary_key=True),
    Column("source", StorableText, primary_key=True),
    Column("due_at", BigInteger, nullable=False, comment="when Magento is asked again what it shows"),
    sqlite_with_rowid=False,
)

links = Table(
    "links",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("key", StorableText, primary_key=True, comment="the document's key, as its messages have it"),
    Column("acumatica_key", StorableText, nullable=False, comment="the Acumatica record that it tells of"),
    Column("magento_id", StorableText, nullable=False),
    Column("document", LargeBinary, comment="what Magento was last told of the document, as JSON"),
    Column("made_by", StorableText, nullable=False, comment="sent, found, hand"),
    Column("linked_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("links_acumatica_key", links.c.entity, links.c.acumatica_key)
Index("links_magento_id", links.c.entity, links.c.magento_id)

compensations = Table(
    "compensations",
    metadata,
    Column("document", StorableText, primary_key=True, comment="the shipment's key, as its messages have it"),
    Column("key", StorableText, primary_key=True, comment="the SKU as Magento compares it"),
    Column("source", StorableText, primary_key=True),
    Column("quantity", BigInteger, nullable=False, comment="in 1/10,000: Magento's salable quantity is too high by it"),
    Column("made_at", BigInteger, nullable=False),
    Column("order_made_at", BigInteger, nullable=False, server_default="0", comment="when its order came to Magento"),
    sqlite_with_rowid=False,
)
Index("compensations_key", compensations.c.key)

open_orders = Table(
    "open_orders",
    metadata,
    Column("order_id", BigInteger, primary_key=True, autoincrement=False, comment="Magento's id"),
    Column("content", LargeBinary, nullable=False, comment="the order as Magento last showed it, as JSON"),
    Column("first_seen_at", BigInteger, nullable=False),
    Column("demands", LargeBinary, comment="what Acumatica's orders with its number take, as JSON"),
    Column("acumatica_orders", StorableText, comment="Acumatica's orders with its number and their status, as JSON"),
    Column("asked_at", BigInteger, comment="when Acumatica was last asked for it"),
)

open_order_items = Table(
    "open_order_items",
    metadata,
    Column("order_id", BigInteger, primary_key=True, autoincrement=False),
    Column("key", StorableText, primary_key=True, comment="the SKU as Magento compares it"),
    Column("sku", StorableText, nullable=False),
    Column("ordered", BigInteger, nullable=False, comment="in 1/10,000 of Magento's unit, as the next three"),
    Column("shipped", BigInteger, nullable=False),
    Column("canceled", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("added", BigInteger, nullable=False, server_default="0", comment="added back, in 1/10,000 of the base unit"),
    sqlite_with_rowid=False,
)
Index("open_order_items_key", open_order_items.c.key)

reservation_repairs = Table(
    "reservation_repairs",
    metadata,
    Column("stock_id", Integer, primary_key=True, autoincrement=False),
    Column("repaired_at", BigInteger, comment="orders of ours that were made before are reserved by Magento"),
    Column("read_at", BigInteger, comment="when the salable quantities were last read"),
    Column("unclear", LargeBinary, comment="SKUs whose reservations fit nothing known, as JSON"),
)

bulks = Table(
    "bulks",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("uuid", StorableText, comment="Magento's number of the bulk; none while it is not known"),
    Column("published_at", BigInteger, nullable=False),
    Column("keys", LargeBinary, nullable=False, comment="whose values it carries, as JSON"),
    Column("stands_still", Boolean, nullable=False, comment="its values went another way"),
)

refresh_requests = Table(
    "asked",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column(
        "acumatica_key", StorableText, primary_key=True, comment="the next look reads this record again, first of all"
    ),
    Column("asked_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

watermarks = Table(
    "watermarks",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("feed", StorableText, primary_key=True),
    Column("pulled_to", BigInteger, comment="everything stamped before this has been queued"),
    Column("swept_at", BigInteger, comment="when the feed was last read in full"),
    Column("looked_back_at", BigInteger, comment="when what was saved late was last looked for"),
    Column("sweep", Integer, nullable=False, server_default="0", comment="the number of the last read in full"),
    Column("cursor", StorableText, comment="where inside an unfinished window the pull stands, as JSON"),
)

entities = Table(
    "entities",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    Column("active_since", BigInteger, comment="when the entity was first made active"),
    Column("computed_with", StorableText, comment="a fingerprint of the settings that its values were computed with"),
    Column("last_look_at", BigInteger),
    Column("last_look", StorableText, comment="what the last look that did something said"),
    Column("last_full_look_at", BigInteger),
    Column("last_fault", StorableText, comment="what ended the last run, until one ends well"),
    Column("last_fault_at", BigInteger),
    Column("fault_since", BigInteger, comment="when the first run in a row failed"),
)

leases = Table(
    "leases",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("holder", StorableText, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("machine", StorableText, comment="where its process runs"),
    Column("pid", BigInteger),
    Column("process_started", StorableText, comment="tells it from a later process of that pid"),
    Column("run_id", StorableText, comment="the Prefect run that holds it"),
    Column("progress", StorableText, comment="how far its sync is, as JSON"),
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", StorableText, primary_key=True),
    Column("blocked_until", BigInteger, comment="the host told us to wait until then"),
    Column("next_request_at", BigInteger, comment="when the next request may be sent under the licence"),
    Column("requests", BigInteger, nullable=False, server_default="0", comment="how many were sent to it"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("slot", StorableText, primary_key=True),
    Column("host", StorableText, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("taken_at", BigInteger, comment="none while it waits for its turn"),
    Column("expires_at", BigInteger, nullable=False),
    Column("machine", StorableText, comment="where its process runs"),
    Column("pid", BigInteger),
    Column("process_started", StorableText, comment="tells it from a later process of that pid"),
    Column("holder", StorableText, comment="who uses it, in words"),
    Column("heard_at", BigInteger, comment="when its process last said that it lives"),
)

saved_settings = Table(
    "saved_settings",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("saved_at", BigInteger, nullable=False),
    Column("saved_by", StorableText, nullable=False),
    Column("said", StorableText, nullable=False, comment="what changed, in words"),
    Column(
        "settings", StorableText, nullable=False, comment="all values of this version by section and field, as JSON"
    ),
)

wakeups = Table(
    "wakes",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("asked_at", BigInteger, nullable=False, comment="a look that began before this does not count"),
    Column("full_asked_at", BigInteger, comment="the same for a full look"),
)

notifications = Table(
    "notifications",
    metadata,
    Column("query", StorableText, primary_key=True),
    Column("id", StorableText, primary_key=True),
    Column("received_at", BigInteger, nullable=False),
)

alerts = Table(
    "told",
    metadata,
    Column("what", StorableText, primary_key=True),
    Column("told_at", BigInteger, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("name", StorableText, primary_key=True),
    Column("role", StorableText, nullable=False, comment="viewer, administrator"),
    Column("password", StorableText, nullable=False, comment="a hash by argon2"),
    Column("changed_at", BigInteger, nullable=False),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("token", StorableText, primary_key=True, comment="a hash of what the cookie holds"),
    Column("user", StorableText, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("who", StorableText, nullable=False),
    Column("action", StorableText, nullable=False, comment="a code, such as failed.skip"),
    Column("entity", StorableText),
    Column("said", StorableText, nullable=False, comment="what was done, in words"),
    Column("messages", StorableText, comment="the messages that it was about, as JSON, if few"),
)
Index("audit_action", audit.c.action, audit.c.id)

reconciled = Table(
    "reconciled",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("places", Integer, nullable=False, comment="how many were compared"),
    Column("differing", Integer, nullable=False),
    Column("why_not", StorableText, comment="why nothing could be compared"),
    Column("differences", StorableText, nullable=False, comment="the first of them, as JSON"),
    Column("causes", StorableText, comment="how many differences have which cause, as JSON"),
)

comparing = Table(
    "comparing",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("began_at", BigInteger, nullable=False),
    Column("heard_at", BigInteger, nullable=False, comment="when its process last said that it works"),
    Column("progress", StorableText, comment="how far it is, as JSON"),
    sqlite_with_rowid=False,
)

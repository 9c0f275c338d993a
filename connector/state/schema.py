"""The tables of the state database: what the connector remembers between two syncs.

The schema is portable over SQLite and PostgreSQL: it has only integers, booleans, texts and bytes. Every instant is an
integer of microseconds since 1970 in UTC (`micros` and `instant` convert); quantities are in 1/10,000 and prices in
1/1,000,000, as in the rules.

A place is a key and a Magento source. For each place, one row of `targets` has the desired value, the value that
Magento confirmed, and a state (`connector.state.queue.transitions` decides the next state)::

            commit_chunk                 settle: accepted
    ─────────────────────▶ pending ───────────────────────────▶ sent ───▶ pending (another desired value)
                           │  ▲  │
        nothing is to be   │  │  │ settle: refused, or out of attempts
        sent any more      │  │  └──────────────────────▶ failed ──▶ pending (another value, or sent again)
                           ▼  │ another value                │
                  superseded  │                              └────▶ skipped (skip)
                              │                                     │
                              └─────────────────────────────────────┘

A message is one desired value of a target. Its id consists of the target's id and sequence number, which rises with
each value that is queued. A newer value overwrites an older one. A record that cannot be sent because another record
has its place, such as each of two items with one SKU, has a separate, `rejected` row, which says nothing about what
Magento shows.

A message is `sending` while an open row of `requests` contains it; its target is unchanged. If the target gets a newer
value meanwhile, that value waits until the request has ended.

A pending target may have a wait reason (`settle: waits`): something has to happen in the business before it can be
sent, such as a payment. It is checked again at its `not_before`, and is like any other pending target otherwise: a
newer value overwrites it, it can be skipped, and it is claimed once it is due.
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
"""The states in which nothing is to be sent or reported: Magento shows the value, or it is not desired any more."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Convert an aware instant to microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def instant(value: int) -> datetime:
    """Convert microseconds since 1970 to an aware instant in UTC."""
    return _EPOCH + value * _MICROSECOND


def _where(condition: str) -> dict[str, Any]:
    """Return the options that restrict an index to rows that fulfil the condition, for either database."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def _if_put_aside(value: str) -> Computed:
    """Return a computed column that has this value if the target is failed or skipped, and is null otherwise."""
    return Computed(f"CASE WHEN state IN ('{FAILED}', '{SKIPPED}') THEN {value} END")


_Id = BigInteger().with_variant(Integer, "sqlite")

targets = Table(
    "targets",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("entity", StorableText, nullable=False),
    Column("key", StorableText, nullable=False, comment="the SKU as Magento compares it, or the key of a document"),
    Column(
        "source",
        StorableText,
        nullable=False,
        server_default="",
        comment="the Magento source of a quantity, otherwise empty",
    ),
    Column(
        "rejected",
        Boolean,
        nullable=False,
        server_default=text("false"),
        comment="whether the record cannot be sent because another record has the place",
    ),
    Column("acumatica_key", StorableText, nullable=False, comment="the Acumatica record to which the value belongs"),
    Column("sku", StorableText, comment="the SKU as it is sent"),
    Column(
        "wanted",
        BigInteger,
        comment="the desired value: a price in 1/1,000,000, a quantity in 1/10,000, or a document's fingerprint; null "
        "if nothing is to be sent",
    ),
    Column("wanted_in_stock", Boolean, comment="the desired stock status of a quantity"),
    Column("wanted_at", BigInteger, nullable=False, comment="since when this value is desired"),
    Column("seq", Integer, nullable=False, server_default="0", comment="rises with each value that is queued"),
    Column("confirmed", BigInteger, comment="the value that Magento last confirmed, as `wanted`; null if not known"),
    Column("confirmed_in_stock", Boolean, comment="the stock status that Magento last confirmed"),
    Column("confirmed_at", BigInteger, comment="when Magento last confirmed a value"),
    Column("state", StorableText, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", BigInteger, nullable=False, server_default="0", comment="no attempt before this instant"),
    Column("cause", StorableText, comment="the code of the failure, by which failures are grouped"),
    Column("reason", StorableText, comment="why it failed, as text"),
    Column("changed_at", BigInteger, nullable=False),
    Column("wait", StorableText, comment="the wait reason of a pending target; null if it only waits for its turn"),
    Column("waiting_since", BigInteger, comment="since when it waits for this reason"),
    Column("waits_for", StorableText, comment="the record whose sending ends the wait, as entity and Acumatica key"),
    Column("wait_told_at", BigInteger, comment="when it was reported that it has waited for long"),
    Column("last_request", BigInteger, comment="the last request that contained it"),
    Column("document", LargeBinary, comment="the content of a document to be sent, as JSON"),
    Column(
        "put_aside", StorableText, _if_put_aside("state"), comment="the state if it is failed or skipped, else null"
    ),
    Column(
        "put_aside_at", BigInteger, _if_put_aside("changed_at"), comment="since when it is failed or skipped, else null"
    ),
    sqlite_autoincrement=True,  # the id of a deleted row must not be given to another one
)
"""On PostgreSQL no index of this table names a column that changes while a value is queued, claimed and confirmed,
because every index would be written for each of these changes (migration 0027).
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
"""Indexes that PostgreSQL does not have, because it uses `turns` instead."""

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
"""The pending targets, to be searched in the order of their turns. `waits`: whether the target has a wait reason.

On SQLite this is a view that uses the index `targets_pending`. On PostgreSQL it is a table that triggers maintain like
an index; nothing else writes to it.
"""
PENDING_TARGETS = turns.join(targets, turns.c.target == targets.c.id)

IS_PENDING = text(f"targets.state = '{PENDING}'")
IS_FAILED = text(f"targets.put_aside = '{FAILED}'")
IS_PLACE = text("NOT targets.rejected")
IS_PUT_ASIDE = text("targets.put_aside IS NOT NULL")
"""Literal SQL, as in the conditions of the indexes: with parameters the indexes would not be used."""

requests = Table(
    "requests",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("entity", StorableText, nullable=False),
    Column("state", StorableText, nullable=False, comment="sending, settled"),
    Column("fence", BigInteger, nullable=False, comment="the fencing number of the run that sent it"),
    Column("sent", Integer, nullable=False, server_default="0", comment="how many of its values Magento accepted"),
    Column("failed", Integer, nullable=False, server_default="0", comment="how many it did not accept, for any reason"),
    Column("sent_at", BigInteger, nullable=False),
    Column("lost_at", BigInteger, comment="when its answer was lost"),
    Column("settled_at", BigInteger, comment="when all of its values had an outcome"),
    Column("oldest_wanted_at", BigInteger, comment="since when the oldest of its values was desired"),
    Column(
        "targets",
        StorableText,
        nullable=False,
        comment="the target ids, as a JSON list; the next six are parallel lists",
    ),
    Column("seqs", StorableText, nullable=False, comment="the sequence numbers of the values"),
    Column("new_values", StorableText, nullable=False, comment="the values that were sent"),
    Column("new_in_stock", StorableText, comment="the stock statuses that were sent"),
    Column("old_values", StorableText, nullable=False, comment="the values that Magento had confirmed before"),
    Column("old_in_stock", StorableText, comment="the stock statuses that Magento had confirmed before"),
    Column("previous", StorableText, comment="the previous request of each target, if it had one"),
    Column("left_open", StorableText, comment="the targets without an outcome, if only some have none"),
    Column(
        "not_sent",
        StorableText,
        comment="the values that were not accepted: lists of an outcome, a cause, a reason and the targets, as JSON",
    ),
)
Index("requests_open", requests.c.entity, **_where("state = 'sending'"))
Index("requests_sent_at", requests.c.entity, requests.c.sent_at, requests.c.sent, requests.c.failed)

attempted_documents = Table(
    "attempted_documents",
    metadata,
    Column("target", BigInteger, primary_key=True, autoincrement=False),
    Column("fingerprint", BigInteger, primary_key=True, autoincrement=False),
    Column("request", BigInteger, nullable=False, comment="the first that sent it; below 1: before migration 0019"),
    Column("content", LargeBinary, nullable=False, comment="a version of the document that Magento may have, as JSON"),
)

superseded = Table(
    "superseded",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False, comment="UTC, as a proleptic ordinal"),
    Column("messages", Integer, nullable=False, comment="how many were superseded before they were sent"),
    sqlite_with_rowid=False,
)

records = Table(
    "records",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("acumatica_key", StorableText, primary_key=True),
    Column("key", StorableText, comment="the SKU as Magento compares it"),
    Column("data", LargeBinary, nullable=False, comment="the record as it was last read in Acumatica, as JSON"),
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
    Column("due_at", BigInteger, nullable=False, comment="when the value is read in Magento again"),
    sqlite_with_rowid=False,
)

links = Table(
    "links",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("key", StorableText, primary_key=True, comment="the document's key, as in its messages"),
    Column("acumatica_key", StorableText, nullable=False, comment="the Acumatica record of which the document is made"),
    Column("magento_id", StorableText, nullable=False),
    Column("document", LargeBinary, comment="the content that was last sent, as JSON; null if not known"),
    Column("made_by", StorableText, nullable=False, comment="sent, found, hand, adopted"),
    Column("linked_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("links_acumatica_key", links.c.entity, links.c.acumatica_key)
Index("links_magento_id", links.c.entity, links.c.magento_id)

compensations = Table(
    "compensations",
    metadata,
    Column("document", StorableText, primary_key=True, comment="the shipment's key, as in its messages"),
    Column("key", StorableText, primary_key=True, comment="the SKU as Magento compares it"),
    Column("source", StorableText, primary_key=True),
    Column("quantity", BigInteger, nullable=False, comment="by how much the salable quantity is too high, in 1/10,000"),
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
    Column("demands", LargeBinary, comment="the demands of Acumatica's orders with its number, as JSON"),
    Column("acumatica_orders", StorableText, comment="Acumatica's orders with its number and their status, as JSON"),
    Column("asked_at", BigInteger, comment="when Acumatica was last asked about it"),
)

open_order_items = Table(
    "open_order_items",
    metadata,
    Column("order_id", BigInteger, primary_key=True, autoincrement=False),
    Column("key", StorableText, primary_key=True, comment="the SKU as Magento compares it"),
    Column("sku", StorableText, nullable=False),
    Column("ordered", BigInteger, nullable=False, comment="in 1/10,000 of Magento's unit, as the next three columns"),
    Column("shipped", BigInteger, nullable=False),
    Column("canceled", BigInteger, nullable=False),
    Column("refunded", BigInteger, nullable=False),
    Column("added", BigInteger, nullable=False, server_default="0", comment="added back, in 1/10,000 base units"),
    sqlite_with_rowid=False,
)
Index("open_order_items_key", open_order_items.c.key)

reservation_repairs = Table(
    "reservation_repairs",
    metadata,
    Column("stock_id", Integer, primary_key=True, autoincrement=False),
    Column("repaired_at", BigInteger, comment="Magento has reservations for orders sent to it before this"),
    Column("read_at", BigInteger, comment="when the salable quantities were last read"),
    Column("unclear", LargeBinary, comment="SKUs whose reservations match no known case, as JSON"),
)

bulks = Table(
    "bulks",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("uuid", StorableText, comment="Magento's UUID of the bulk; null until it is known"),
    Column("published_at", BigInteger, nullable=False),
    Column("keys", LargeBinary, nullable=False, comment="the keys whose values it carries, as JSON"),
    Column("stands_still", Boolean, nullable=False, comment="not processed for so long that its values go another way"),
)

refresh_requests = Table(
    "asked",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("acumatica_key", StorableText, primary_key=True, comment="the next sync reads this record again first"),
    Column("asked_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

watermarks = Table(
    "watermarks",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("feed", StorableText, primary_key=True),
    Column("pulled_to", BigInteger, comment="all changes with an earlier time stamp have been queued"),
    Column("swept_at", BigInteger, comment="when the feed was last read in full"),
    Column("looked_back_at", BigInteger, comment="when records that were saved late were last searched for"),
    Column("sweep", Integer, nullable=False, server_default="0", comment="the number of the last full read"),
    Column("cursor", StorableText, comment="the position within an unfinished window, as JSON"),
)

entities = Table(
    "entities",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    Column("active_since", BigInteger, comment="when the entity was first made active"),
    Column("computed_with", StorableText, comment="a fingerprint of the settings with which its values were computed"),
    Column("last_look_at", BigInteger, comment="when a sync last succeeded"),
    Column("last_look", StorableText, comment="the summary of the last sync that did something"),
    Column("last_full_look_at", BigInteger, comment="when a full sync last succeeded"),
    Column("last_fault", StorableText, comment="the fault that ended the last run, until a sync succeeds"),
    Column("last_fault_at", BigInteger, comment="when that run failed"),
    Column("fault_since", BigInteger, comment="when the first of the consecutive failed runs failed"),
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
    Column("process_started", StorableText, comment="distinguishes it from a later process with that pid"),
    Column("run_id", StorableText, comment="the Prefect run that holds it"),
    Column("progress", StorableText, comment="the progress of its sync, as JSON"),
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", StorableText, primary_key=True),
    Column("blocked_until", BigInteger, comment="the host asked to wait until then"),
    Column("next_request_at", BigInteger, comment="when the next request may be sent under the licence"),
    Column("requests", BigInteger, nullable=False, server_default="0", comment="how many requests were sent to it"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("slot", StorableText, primary_key=True),
    Column("host", StorableText, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("taken_at", BigInteger, comment="null while it waits for its turn"),
    Column("expires_at", BigInteger, nullable=False),
    Column("machine", StorableText, comment="where its process runs"),
    Column("pid", BigInteger),
    Column("process_started", StorableText, comment="distinguishes it from a later process with that pid"),
    Column("holder", StorableText, comment="a description of who uses it"),
    Column("heard_at", BigInteger, comment="the last heartbeat of its process"),
)

saved_settings = Table(
    "saved_settings",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("saved_at", BigInteger, nullable=False),
    Column("saved_by", StorableText, nullable=False),
    Column("said", StorableText, nullable=False, comment="a summary of the changes"),
    Column(
        "settings", StorableText, nullable=False, comment="all values of this version by section and field, as JSON"
    ),
)

wakeups = Table(
    "wakes",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("asked_at", BigInteger, nullable=False, comment="a sync that began before this does not count"),
    Column("full_asked_at", BigInteger, comment="a full sync that began before this does not count"),
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
    Column("what", StorableText, primary_key=True, comment="the name of the alert"),
    Column("told_at", BigInteger, nullable=False, comment="when it was last sent"),
)

users = Table(
    "users",
    metadata,
    Column("name", StorableText, primary_key=True),
    Column("role", StorableText, nullable=False, comment="viewer, administrator"),
    Column("password", StorableText, nullable=False, comment="an Argon2 hash"),
    Column("changed_at", BigInteger, nullable=False),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("token", StorableText, primary_key=True, comment="a hash of the cookie's value"),
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
    Column("said", StorableText, nullable=False, comment="what was done, as text"),
    Column("messages", StorableText, comment="the messages that it was about, as JSON, if they are few"),
)
Index("audit_action", audit.c.action, audit.c.id)

reconciled = Table(
    "reconciled",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("places", Integer, nullable=False, comment="how many were compared"),
    Column("differing", Integer, nullable=False, comment="how many of them differ"),
    Column("why_not", StorableText, comment="why nothing could be compared"),
    Column("differences", StorableText, nullable=False, comment="the first differences of each cause, as JSON"),
    Column("causes", StorableText, comment="the number of differences by cause, as JSON"),
)

comparing = Table(
    "comparing",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("began_at", BigInteger, nullable=False),
    Column("heard_at", BigInteger, nullable=False, comment="when its process last reported progress"),
    Column("progress", StorableText, comment="its progress, as JSON"),
    sqlite_with_rowid=False,
)

"""The state database: what the connector remembers between two syncs.

Portable over SQLite and PostgreSQL: integers, texts and bytes only. Every instant is an integer of microseconds since
1970 in UTC (`micros` and `instant` convert); quantities are in 1/10,000 and prices in 1/1,000,000, as in the rules.

A message and its states (`connector.state.queue.transitions` decides what becomes of one)::

            commit_chunk                claim                  settle: accepted
    ─────────────────────▶ pending ───────────▶ sending ─────────────────────▶ sent
                           │  ▲  │                │  │
              newer value  │  │  │ skip           │  │ settle: refused, or out of attempts
              (commit)     │  │  │                │  └──────────────────────▶ failed ──▶ superseded (newer value)
                           ▼  │  ▼                │                             │  │
                  superseded  │  skipped          │ settle: temporary,          │  └────▶ skipped (skip)
                              └───────────────────┘ or nothing happened         │
                              ▲                                                 │ reprocess, or the product exists now
                              └─────────────────────────────────────────────────┘

A pending message may have a wait reason (`settle: waits`): the business has to move on before it can be told, such as a
payment. It is looked at again at its `not_before` and is pending in everything else: a newer value supersedes it, it
can be skipped, and it is claimed like any other once it is due. A final state clears the wait.

A message is `sending` because an open row of `requests` has it: its own row stays as it was, and says `sending` itself
only where a newer message has its place in the queue meanwhile.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
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
OVER = (SENT, SUPERSEDED)
"""The states that no function leads out of."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """An aware instant as microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def instant(value: int) -> datetime:
    """Microseconds since 1970 as an aware instant in UTC."""
    return _EPOCH + value * _MICROSECOND


def into(state: str) -> dict[str, Any]:
    """The columns that say a message is in this state.

    `live` says of the state only what the indexes ask: claiming and failing leave it as it is, so these leave two of
    them untouched.
    """
    return {"state": state, "live": state not in OVER}


def _where(condition: str) -> dict[str, Any]:
    """The rows that an index holds, for either database."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


_Id = BigInteger().with_variant(Integer, "sqlite")

messages = Table(
    "messages",
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
    Column("acumatica_key", StorableText, nullable=False, comment="the Acumatica record that the message tells of"),
    Column("sku", StorableText, comment="the SKU in the spelling that is sent"),
    Column(
        "value",
        BigInteger,
        comment="price in 1/1,000,000, quantity in 1/10,000, or a document's fingerprint; none if nothing is sent",
    ),
    Column("in_stock", Boolean),
    Column("document", LargeBinary, comment="what Magento is told of a document, as JSON"),
    Column("state", StorableText, nullable=False),
    Column("live", Boolean, nullable=False, server_default=text("true"), comment="whether its state is not an end"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", BigInteger, comment="no attempt before this instant"),
    Column("cause", StorableText, comment="the kind of failure, to group by"),
    Column("reason", StorableText, comment="why it failed, in words"),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column(
        "wait", StorableText, comment="the code of what a pending message waits for; null where it waits for its turn"
    ),
    Column("waiting_since", BigInteger, comment="since when it waits for that"),
    Column("waits_for", StorableText, comment="the record whose sending ends the wait, as entity and Acumatica key"),
    Column("wait_told_at", BigInteger, comment="when a person was told that it waits for long"),
    Column("request", BigInteger, comment="the last request that it was in"),
)
_place = (messages.c.entity, messages.c.key, messages.c.source)
Index("messages_pending", *_place, unique=True, **_where("state = 'pending'"))
Index("messages_sending", *_place, **_where("state = 'sending'"))
Index("messages_failed", messages.c.entity, messages.c.key, **_where("state = 'failed'"))
Index("messages_live", messages.c.entity, messages.c.key, **_where("live"))
Index("messages_live_acumatica_key", messages.c.entity, messages.c.acumatica_key, **_where("live"))
Index("messages_waiting", messages.c.waits_for, **_where("state = 'pending' AND waits_for IS NOT NULL"))

IS_PENDING, IS_FAILED = (text(f"messages.state = '{state}'") for state in (PENDING, FAILED))
IS_LIVE = text("messages.live")
"""In letters, as the indexes say it: with parameters they would not be used."""

requests = Table(
    "requests",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("entity", StorableText, nullable=False),
    Column("state", StorableText, nullable=False, comment="sending, settled"),
    Column("fence", BigInteger, nullable=False, comment="the run that sent it"),
    Column("message_ids", StorableText, nullable=False, comment="JSON, as the lists that follow, place by place"),
    Column("new_values", StorableText, nullable=False, comment="what the messages said"),
    Column("new_in_stock", StorableText),
    Column("old_values", StorableText, nullable=False, comment="what Magento had confirmed before"),
    Column("old_in_stock", StorableText),
    Column("left_open", StorableText, comment="the messages without an outcome, where only some have none"),
    Column("sent", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("sent_at", BigInteger, nullable=False),
    Column("lost_at", BigInteger, comment="when its answer was lost"),
    Column("settled_at", BigInteger),
)
Index("requests_open", requests.c.entity, **_where("state = 'sending'"))

ledger = Table(
    "ledger",
    metadata,
    Column("entity", StorableText, primary_key=True),
    Column("key", StorableText, primary_key=True),
    Column("source", StorableText, primary_key=True),
    Column("acumatica_key", StorableText, nullable=False),
    Column("sku", StorableText, nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("in_stock", Boolean),
    Column("confirmed_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index("ledger_acumatica_key", ledger.c.entity, ledger.c.acumatica_key)

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

asked = Table(
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
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", StorableText, primary_key=True),
    Column("blocked_until", BigInteger, comment="the host told us to wait until then"),
    Column("next_request_at", BigInteger, comment="when the next request may be sent under the licence"),
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

wakes = Table(
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

told = Table(
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
)
Index("audit_action", audit.c.action, audit.c.id)

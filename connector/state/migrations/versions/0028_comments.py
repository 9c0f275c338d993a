"""The comments of columns in plain English.

PostgreSQL stores comments; SQLite does not. Nothing else of the schema changes.
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_COMMENTS = {
    'asked': {
        'acumatica_key': 'the next sync reads this record again first',
    },
    'attempted_documents': {
        'request': 'the first that sent it; below 1: before migration 0019',
        'content': 'a version of the document that Magento may have, as JSON',
    },
    'audit': {
        'said': 'what was done, as text',
        'messages': 'the messages that it was about, as JSON, if they are few',
    },
    'bulks': {
        'uuid': "Magento's UUID of the bulk; null until it is known",
        'keys': 'the keys whose values it carries, as JSON',
        'stands_still': 'not processed for so long that its values go another way',
    },
    'comparing': {
        'heard_at': 'when its process last reported progress',
        'progress': 'its progress, as JSON',
    },
    'compensations': {
        'document': "the shipment's key, as in its messages",
        'quantity': 'by how much the salable quantity is too high, in 1/10,000',
    },
    'entities': {
        'computed_with': 'a fingerprint of the settings with which its values were computed',
        'last_look_at': 'when a sync last succeeded',
        'last_look': 'the summary of the last sync that did something',
        'last_full_look_at': 'when a full sync last succeeded',
        'last_fault': 'the fault that ended the last run, until a sync succeeds',
        'last_fault_at': 'when that run failed',
        'fault_since': 'when the first of the consecutive failed runs failed',
    },
    'hosts': {
        'blocked_until': 'the host asked to wait until then',
        'requests': 'how many requests were sent to it',
    },
    'leases': {
        'process_started': 'distinguishes it from a later process with that pid',
        'progress': 'the progress of its sync, as JSON',
    },
    'links': {
        'key': "the document's key, as in its messages",
        'acumatica_key': 'the Acumatica record of which the document is made',
        'document': 'the content that was last sent, as JSON; null if not known',
        'made_by': 'sent, found, hand, adopted',
    },
    'open_order_items': {
        'ordered': "in 1/10,000 of Magento's unit, as the next three columns",
        'added': 'added back, in 1/10,000 base units',
    },
    'open_orders': {
        'demands': "the demands of Acumatica's orders with its number, as JSON",
        'asked_at': 'when Acumatica was last asked about it',
    },
    'rechecks': {
        'due_at': 'when the value is read in Magento again',
    },
    'reconciled': {
        'differing': 'how many of them differ',
        'differences': 'the first differences of each cause, as JSON',
        'causes': 'the number of differences by cause, as JSON',
    },
    'records': {
        'data': 'the record as it was last read in Acumatica, as JSON',
    },
    'requests': {
        'fence': 'the fencing number of the run that sent it',
        'sent': 'how many of its values Magento accepted',
        'failed': 'how many it did not accept, for any reason',
        'settled_at': 'when all of its values had an outcome',
        'oldest_wanted_at': 'since when the oldest of its values was desired',
        'targets': 'the target ids, as a JSON list; the next six are parallel lists',
        'seqs': 'the sequence numbers of the values',
        'new_values': 'the values that were sent',
        'new_in_stock': 'the stock statuses that were sent',
        'old_values': 'the values that Magento had confirmed before',
        'old_in_stock': 'the stock statuses that Magento had confirmed before',
        'previous': 'the previous request of each target, if it had one',
        'left_open': 'the targets without an outcome, if only some have none',
        'not_sent': 'the values that were not accepted: lists of an outcome, a cause, a reason and the targets, as JSON',
    },
    'reservation_repairs': {
        'repaired_at': 'Magento has reservations for orders sent to it before this',
        'unclear': 'SKUs whose reservations match no known case, as JSON',
    },
    'saved_settings': {
        'said': 'a summary of the changes',
    },
    'sessions': {
        'taken_at': 'null while it waits for its turn',
        'process_started': 'distinguishes it from a later process with that pid',
        'holder': 'a description of who uses it',
        'heard_at': 'the last heartbeat of its process',
    },
    'superseded': {
        'messages': 'how many were superseded before they were sent',
    },
    'targets': {
        'key': 'the SKU as Magento compares it, or the key of a document',
        'source': 'the Magento source of a quantity, otherwise empty',
        'rejected': 'whether the record cannot be sent because another record has the place',
        'acumatica_key': 'the Acumatica record to which the value belongs',
        'sku': 'the SKU as it is sent',
        'wanted': "the desired value: a price in 1/1,000,000, a quantity in 1/10,000, or a document's fingerprint; null if nothing is to be sent",
        'wanted_in_stock': 'the desired stock status of a quantity',
        'wanted_at': 'since when this value is desired',
        'confirmed': 'the value that Magento last confirmed, as `wanted`; null if not known',
        'confirmed_in_stock': 'the stock status that Magento last confirmed',
        'confirmed_at': 'when Magento last confirmed a value',
        'cause': 'the code of the failure, by which failures are grouped',
        'reason': 'why it failed, as text',
        'wait': 'the wait reason of a pending target; null if it only waits for its turn',
        'waiting_since': 'since when it waits for this reason',
        'wait_told_at': 'when it was reported that it has waited for long',
        'last_request': 'the last request that contained it',
        'document': 'the content of a document to be sent, as JSON',
        'put_aside': 'the state if it is failed or skipped, else null',
        'put_aside_at': 'since when it is failed or skipped, else null',
    },
    'told': {
        'what': 'the name of the alert',
        'told_at': 'when it was last sent',
    },
    'users': {
        'password': 'an Argon2 hash',
    },
    'wakes': {
        'asked_at': 'a sync that began before this does not count',
        'full_asked_at': 'a full sync that began before this does not count',
    },
    'watermarks': {
        'pulled_to': 'all changes with an earlier time stamp have been queued',
        'looked_back_at': 'when records that were saved late were last searched for',
        'sweep': 'the number of the last full read',
        'cursor': 'the position within an unfinished window, as JSON',
    },
    'web_sessions': {
        'token': "a hash of the cookie's value",
    },
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, comments in _COMMENTS.items():
        for column, comment in comments.items():
            quoted = comment.replace("'", "''")
            op.execute(f"COMMENT ON COLUMN {table}.{column} IS '{quoted}'")


def downgrade() -> None:
    """Nothing to undo: a comment changes nothing that the former version reads."""

"""A worker as a process of its own: queues messages, waits for the word, then claims and settles until none is left.

Arguments: the database's address, the entity, its fence, how many messages to queue. Prints the ids that it claimed.
"""

import json
import sys
from datetime import UTC, datetime

from connector.state.coordination.lease import Lease
from connector.state.engine import open_state
from connector.state.queue import messages
from connector.state.queue.chunk import commit_chunk
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import ClaimSpec, MessageOutcome
from connector.state.rows import chunked

url, entity, fence, count = sys.argv[1:]
now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
state = open_state(url)
held = Lease(entity, "the test", int(fence))
print("ready", flush=True)
sys.stdin.readline()
for keys in chunked([f"SKU-{number:06}" for number in range(int(count))], 2_000):
    commit_chunk(state, held, Computed(keys, [DesiredValue(key, key, "", key, 10) for key in keys], None), now)
ids = []
while claimed := messages.claim(state, held, now, ClaimSpec("shop", 100, [1])):
    ids.extend(message.id for message in claimed)
    messages.settle(state, held, [MessageOutcome(message, "sent") for message in claimed], now)
print(json.dumps(ids))

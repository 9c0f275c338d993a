"""A worker as a process of its own: queues messages, waits for the word, then claims and settles until none is left.

Arguments: the database's address, the entity, its fence, how many messages to queue. Prints the ids that it claimed.
"""

import json
import sys
from datetime import UTC, datetime

from connector.state.coordination.lease import Lease
from connector.state.engine import open_state
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import BatchResult, ClaimSpec, MessageOutcome
from connector.state.rows import chunked
from connector.state.run_state import RunState

url, entity, fence, count = sys.argv[1:]
now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
state = open_state(url)
run = RunState(state, Lease(entity, "the test", int(fence)))
print("ready", flush=True)
sys.stdin.readline()
for keys in chunked([f"SKU-{number:06}" for number in range(int(count))], 2_000):
    run.commit(Computed(keys, [DesiredValue(key, key, "", key, 10) for key in keys], None), now)
ids = []
spec = ClaimSpec("shop", 100, [1])
[claimed] = run.settle([BatchResult([], then=spec)], now)
while claimed:
    ids.extend(message.id for message in claimed)
    outcomes = [MessageOutcome(message, "sent") for message in claimed]
    [claimed] = run.settle([BatchResult(outcomes, then=spec)], now)
print(json.dumps(ids))

"""Lines that `make mutants` breaks, one at a time, and the tests of which at least one must then fail."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """What the broken code does, its file, the line (it occurs once), its replacement, and the tests that must fail."""

    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


OF_STATE = "tests/connector/state"
LEASE = (f"{OF_STATE}/test_lease.py",)
QUEUE = (f"{OF_STATE}/test_messages.py", f"{OF_STATE}/test_run_state.py")
CHUNKS = (f"{OF_STATE}/test_chunk.py", f"{OF_STATE}/test_run_state.py")
PLAIN = (f"{OF_STATE}/test_plain_chunk.py",)
MOVES = (f"{OF_STATE}/test_transitions.py",)
STAGES = ("tests/tasks",)
PUSH = ("tests/syncs/test_prices_and_quantities.py",)
PRICE = ("tests/entities/price",)
STOCK = ("tests/entities/inventory",)

CLAIMS = "connector/state/queue/claims.py"
MESSAGES = "connector/state/queue/messages.py"
REQUESTS = "connector/state/queue/requests.py"
CHUNK = "connector/state/queue/chunk.py"
CHANGES = "connector/state/queue/changes.py"
PLAIN_CHUNK = "connector/state/queue/plain_chunk.py"
TRANSITIONS = "connector/state/queue/transitions.py"
STATEMENTS = "connector/state/queue/statements.py"

MUTANTS = [
    # the state
    Mutant(
        "a lease that another run has taken over is still valid",
        "connector/state/coordination/lease.py",
        "if driver_rows(connection, locked, (lease.entity,)) != [(lease.fence,)]:",
        "if not driver_rows(connection, locked, (lease.entity,)):",
        LEASE,
    ),
    Mutant(
        "a lease that is held is acquired by another run",
        "connector/state/coordination/lease.py",
        "if row.expires_at > micros(now):",
        "if row.expires_at < 0:",
        LEASE,
    ),
    Mutant(
        "an attempt is not counted",
        MESSAGES,
        "        attempts = message.attempts + 1\n",
        "        attempts = message.attempts\n",
        QUEUE,
    ),
    Mutant(
        "a message is sent while another one of its key is in a request",
        STATEMENTS,
        "AND {target} NOT IN ({ids})",
        "AND {target} NOT IN (SELECT 0 WHERE 0 IN ({ids}))",
        QUEUE,
    ),
    Mutant(
        "the outcome of an earlier claim is stored",
        CLAIMS,
        "if outcome.message.target in left.get(outcome.message.request or 0, ())]",
        "]",
        (*QUEUE, "tests/faults/test_stale_workers.py"),
    ),
    Mutant(
        "a host that asked for a pause is sent requests",
        CLAIMS,
        "if blocked is not None and blocked > self._now:",
        "if False:",
        QUEUE,
    ),
    Mutant(
        "a superseded message is sent",
        CLAIMS,
        "is_newest = newest.get(message.target) == message.seq",
        "is_newest = True",
        QUEUE,
    ),
    Mutant(
        "a message in a request is claimed again",
        CLAIMS,
        "sending = [target for request in still_open for target in request.left]",
        "sending: list[int] = []",
        QUEUE,
    ),
    Mutant(
        "a request is settled as sent though Magento has only a part of it",
        CLAIMS,
        "if [message.target for message in sent] != request.left:",
        "if False:",
        (*QUEUE, "tests/connector/state/test_requests.py"),
    ),
    Mutant(
        "a request is settled though a message of it has no outcome",
        REQUESTS,
        "left = answer.still_open().left if len(answer.ended) < len(answer.request.left) else []",
        "left = []",
        QUEUE,
    ),
    Mutant(
        "a recheck is not stored",
        CLAIMS,
        "if answer.recheck_at is not None:",
        "if answer.recheck_at is None:",
        QUEUE,
    ),
    Mutant(
        "a run that has lost its lease still writes",
        "connector/state/run_state.py",
        "            lease.require(connection, self._lease)\n",
        "",
        QUEUE,
    ),
    Mutant(
        "a chunk forgets how far it has read",
        CHUNK,
        "watermarks.write(connection, entity, list(computed.marks))",
        "watermarks.write(connection, entity, [])",
        (*CHUNKS, *PUSH),
    ),
    Mutant(
        "a value that Magento shows already is sent again",
        CHUNK,
        "if not _same(want, confirmed, in_stock):",
        "if _same(want, confirmed, in_stock):",
        CHUNKS,
    ),
    Mutant(
        "a value that Magento shows already is sent again with other values",
        PLAIN_CHUNK,
        "list(compress(wanted, differs)), list(compress(ids, differs))",
        "list(wanted), list(ids)",
        PLAIN,
    ),
    Mutant(
        "a value is queued at another record's target",
        "connector/state/queue/compared.py",
        "    if of_wanted != [[column[row] for row in order] for column in of_rows]:\n        return None\n",
        "",
        PLAIN,
    ),
    Mutant(
        "a value in a request is queued again",
        CHUNK,
        "if not _same(want, sent.value, sent.in_stock):",
        "if sent is not None:",
        CHUNKS,
    ),
    Mutant(
        "a value is withdrawn though another item has the SKU",
        CHUNK,
        "if is_there and is_left and target.acumatica_key in own:",
        "if is_there and is_left:",
        CHUNKS,
    ),
    Mutant(
        "an accepted value closes a target with a newer desired value",
        STATEMENTS,
        "AND targets.seq = accepted.value",
        "AND targets.seq >= accepted.value",
        QUEUE,
    ),
    Mutant(
        "a document that was sent is not recorded",
        CLAIMS,
        "        documents.keep_attempts(self._connection, claimed)\n",
        "",
        (*QUEUE, "tests/connector/state/test_requests.py"),
    ),
    Mutant(
        "a newer value that waits has the number of the older one",
        CHANGES,
        'seq = seq + 1, {_FRESH}"\n_REOPENED',
        '{_FRESH}"\n_REOPENED',
        CHUNKS,
    ),
    Mutant(
        "one attempt more than Retry Count is made",
        TRANSITIONS,
        "if attempts >= limits.retry_count:",
        "if attempts > limits.retry_count:",
        MOVES,
    ),
    Mutant(
        "a message that was not sent uses an attempt",
        TRANSITIONS,
        "return Transition(MessageState.OPEN, attempts - 1)",
        "return Transition(MessageState.OPEN, attempts)",
        MOVES,
    ),
    Mutant(
        "a lost answer fails its message",
        TRANSITIONS,
        "        return Transition(MessageState.IN_REQUEST, attempts)\n    if newer:",
        "        return Transition(MessageState.FAILED, attempts)\n    if newer:",
        MOVES,
    ),
    # the stages
    Mutant(
        "after a lost response the message is sent again without asking Magento",
        "tasks/push.py",
        '"unknown": Outcome.UNKNOWN,',
        '"unknown": Outcome.TEMPORARY,',
        STAGES,
    ),
    Mutant(
        "an outage of the whole connection uses up attempts",
        "tasks/push.py",
        "if connection_lost and outcome in (Outcome.TEMPORARY, Outcome.UNKNOWN):",
        "if connection_lost and outcome is Outcome.UNKNOWN:",
        STAGES,
    ),
    Mutant(
        "Retry-After is ignored",
        "tasks/push.py",
        "    if waits:\n        context.state.block_host(",
        "    if not waits:\n        context.state.block_host(",
        PUSH,
    ),
    Mutant(
        "a product that Magento lacks is treated as a refusal",
        "tasks/push.py",
        "if outcome is Outcome.REFUSED and is_missing and context.queue.skips_unknown_sku:",
        "if outcome is Outcome.REFUSED and context.queue.skips_unknown_sku and not is_gone:",
        STAGES,
    ),
    Mutant(
        "a time window has no overlap",
        "tasks/windows.py",
        "since = pulled_to - (overlap + LOOKBACK_EVERY if reads_further_back else CLOCKS_DIFFER)",
        "since = pulled_to",
        STAGES,
    ),
    Mutant(
        "a record that a sweep did not see is not deleted",
        "tasks/pull.py",
        "if cursor.sweep is not None and mark.sweep > 0:",
        "if cursor.sweep is not None and mark.sweep > 10_000:",
        STAGES,
    ),
    Mutant(
        "the cursor within a feed is not stored",
        "tasks/pull.py",
        "self._chunk.marks[feed] = mark.finished(cursor)",
        "self._chunk.marks[feed] = mark.moved(cursor)",
        STAGES,
    ),
    Mutant(
        "an unchanged record is stored again",
        "tasks/pull.py",
        "if is_kept and not has_changed and not compute_all:",
        "if False:",
        STAGES,
    ),
    Mutant(
        "a record that is in two lists is computed twice",
        "tasks/pull.py",
        "is_followed = not compute_all and feed in self._followed",
        "is_followed = compute_all and feed in self._followed",
        STAGES,
    ),
    Mutant(
        "prices use all connections while stock waits",
        "tasks/stock_priority.py",
        "if context.entity.urgency is not Urgency.YIELDS or context.shop.connections == 1:",
        "if context.entity.urgency is Urgency.YIELDS or context.shop.connections == 1:",
        STAGES,
    ),
    Mutant(
        "the state is asked before every request whether stock waits",
        "tasks/stock_priority.py",
        "if self.checked_at is None or now - self.checked_at >= CHECKED_EVERY:",
        "if self.checked_at is None or now >= self.checked_at:",
        STAGES,
    ),
    Mutant(
        "every sync reports a wait",
        "tasks/waits.py",
        "if reported_at is None and now - since >= context.queue.report_waits_after:",
        "if now - since >= context.queue.report_waits_after:",
        STAGES,
    ),
    # what an entity decides
    Mutant(
        "a quantity counts as sent without its stock status",
        "entities/values/entity.py",
        "value[0] == message.value and message.in_stock in (None, value[1])",
        "value[0] == message.value",
        ("tests/entities/values",),
    ),
    Mutant(
        "a document without an answer is sent again at once",
        "entities/documents/entity.py",
        "elif context.clock.now() >= self.decided_at(message):",
        "elif context.clock.now() >= message.changed_at:",
        ("tests/entities/documents",),
    ),
    # the rules
    Mutant(
        "halves are rounded down",
        "entities/price/rules.py",
        "((np.abs(values) + step // 2) // step) * step",
        "((np.abs(values) + (step - 1) // 2) // step) * step",
        PRICE,
    ),
    Mutant(
        "a price ends a day early",
        "entities/price/rules.py",
        '(usable["last"] >= day)]\n    rank',
        '(usable["last"] > day)]\n    rank',
        PRICE,
    ),
    Mutant(
        "a promotion counts more than the price class",
        "entities/price/rules.py",
        'rank = ["in_class", "promotion", "in_unit"',
        'rank = ["promotion", "in_class", "in_unit"',
        PRICE,
    ),
    Mutant(
        "the safety quantity is added",
        "entities/inventory/rules.py",
        "totals = totals - rule.safety",
        "totals = totals + rule.safety",
        STOCK,
    ),
    Mutant(
        "a quantity below 0 is sent",
        "entities/inventory/rules.py",
        "np.maximum(totals if rule.decimals else totals // ONE * ONE, 0)",
        "np.maximum(totals if rule.decimals else totals // ONE * ONE, -ONE)",
        STOCK,
    ),
    Mutant(
        "the quantity in open orders is not added back",
        "entities/inventory/rules.py",
        "        for inventory_id, source, quantity in added:\n",
        "        for inventory_id, source, quantity in ():\n",
        STOCK,
    ),
]

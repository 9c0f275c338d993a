"""`a2m forget` on the command line."""

import json

from support.customers import added
from support.queue import claim

from connector.state.coordination import lease
from connector.state.coordination.lease import Lease
from connector.state.queue.desired import Computed, DesiredValue
from connector.state.queue.message import ClaimSpec
from connector.state.run_state import RunState

EMAIL = "buyer1@example.com"
CUSTOMERS = {
    "A2M_ACTIVE__CUSTOMER": "true",
    "A2M_CUSTOMER__CLASSES": '["WHOLESALE"]',
    "A2M_CUSTOMER__GROUPS": '{"WHOLESALE": "Wholesale"}',
}


def in_files(home) -> bytes:
    """Every byte of the state database's files."""
    return b"".join(file.read_bytes() for file in sorted(home.glob("state.sqlite*"))).lower()


def test_a_dry_run_then_the_real_one(a2m, make_world, home):
    """It shows what would be erased, erases it, and leaves no byte of the e-mail in any file of the database."""
    here = make_world(1)
    here.change(added(1), added(2))
    assert a2m("sync", "customer", **CUSTOMERS).code == 0
    output = a2m("forget", EMAIL, "--dry-run")
    assert (output.code, "Would be erased" in output.out, "customer ACME0001" in output.out) == (0, True, True)
    assert EMAIL.encode() in in_files(home)
    here.state.close()
    done = a2m("forget", EMAIL.upper(), "--json")
    assert done.code == 0, done.err
    counts = json.loads(done.out)
    assert (counts["customer"], counts["order"], counts["records"], counts["links"]) == (["ACME0001"], [], 1, 1)
    assert (counts["dry_run"], counts["prefect_tables"], counts["messages"]) == (False, None, 1)
    assert EMAIL.encode() not in in_files(home)
    assert b"buyer2@example.com" in in_files(home)
    again = json.loads(a2m("forget", EMAIL, "--json").out)
    assert (again["customer"], again["messages"], again["records"], again["links"]) == ([], 0, 0, 0)


def test_what_is_on_its_way(a2m, make_world):
    """Exit code 1 and what to do first."""
    here = make_world(1)
    now = here.clock.now()
    held = lease.acquire(here.state, "customer", "the test", now)
    assert isinstance(held, Lease)
    document = b'{"email": "%s"}' % EMAIL.encode()
    wanted = [DesiredValue("C1", "C1", "", "C1", 1, document=document)]
    RunState(here.state, held).commit(Computed(["C1"], wanted, None), now)
    claim(here.state, held, now, ClaimSpec("shop", 1, [1]))
    output = a2m("forget", EMAIL)
    assert output.code == 1
    assert "Settle it with: a2m sync customer" in output.err


def test_what_is_no_e_mail(a2m, make_world):
    """A customer's number is wrong use: nothing is looked for."""
    make_world(1)
    output = a2m("forget", "ACME0001")
    assert output.code == 2
    assert "is no e-mail" in output.err

"""The licence's limits hold for the installation, whatever number of processes works."""

import time

import pytest
from support.fast_clock import FastClock
from support.forked import forked
from support.licence_worker import read_in_turn
from support.served import Served, one_client

from connector.state.engine import open_state
from sandbox.acumatica.app import create_app
from sandbox.catalogue import generated

LIMITS = (2, 60)
PROCESSES, READS = 5, 12


@pytest.fixture
def site():
    began = time.time()
    app = create_app(generated(5), clock=FastClock(began).now, sessions=LIMITS[0], requests_per_minute=LIMITS[1])
    served = Served(app)
    yield served, began
    served.close()


def test_five_processes_share_two_sessions_and_sixty_requests_a_minute(site, tmp_path, database_url):
    """No request gets a 429, no login meets the session limit, and each of the five gets its turn."""
    served, began = site
    open_state(database_url).close()
    processes = forked()
    done = processes.Queue()
    working = [
        processes.Process(target=read_in_turn, args=(served.url, database_url, began, LIMITS, READS, done))
        for _number in range(PROCESSES)
    ]
    for process in working:
        process.start()
    sent = [done.get(timeout=60) for _process in working]
    for process in working:
        process.join(60)
    journal = one_client().get(f"{served.url}/_sandbox/journal").json()["requests"]
    assert {request["status"] for request in journal} <= {200, 204}
    assert len(journal) == sum(sent)
    assert sent == [READS + 2] * PROCESSES  # the login and the logout with them

"""`a2m receiver` in a process of its own, by HTTP."""

import signal
import socket
from contextlib import closing

import httpx
from support.commands import SECRETS, command, environment, run, settings_of
from support.processes import running, wait_until
from support.served import one_client

from connector.state.coordination import wakeups
from connector.state.engine import open_state

NOTIFICATION = {"Id": "5e3b", "Query": "A2M Stock Items"}
NOWHERE = "http://127.0.0.1:1"


def free_port():
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_receiver(tmp_path):
    """It says that it starts runs, takes notifications, keeps the wake though Prefect does not answer and says so, and
    ends when told to.
    """
    secret = {"A2M_RECEIVER__SECRET": "wrong-token-of-a-test"}
    prefect = {"PREFECT_API_URL": f"{NOWHERE}/api", "PREFECT_CLIENT_MAX_RETRIES": "0"}
    then = f"price was woken, but no run could be started. Prefect at {NOWHERE}/api (PREFECT_API_URL)"
    environ = environment(tmp_path, {**settings_of(NOWHERE, NOWHERE), **secret, **prefect})
    port, log = free_port(), tmp_path / "receiver.log"
    url = f"http://127.0.0.1:{port}/notify/price"
    with running(command("receiver", "--port", port), folder=tmp_path, environ=environ, log=log) as process:

        def post(**headers):
            try:
                return one_client().post(url, json=NOTIFICATION, headers=headers, timeout=30).status_code
            except httpx.ConnectError:
                return None

        wait_until(lambda: post() == 401 or process.poll() is not None, "a receiver that answers")
        assert "one is started through Prefect" in log.read_text()
        assert post(**{"X-A2M-Secret": secret["A2M_RECEIVER__SECRET"]}) == 204
        wait_until(lambda: then in log.read_text(), "a receiver that said what it could not do")
        state = open_state(f"sqlite:///{tmp_path / 'a2m' / 'state.sqlite'}")
        with closing(state), state.read() as connection:
            assert wakeups.read(connection, "price").asked_at is not None
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    output = log.read_text()
    assert "Traceback" not in output
    assert not [one for one in SECRETS if one in output]


def test_without_a_secret(tmp_path):
    """It does not start, and names the setting."""
    output = run(["receiver"], folder=tmp_path, environ=environment(tmp_path, settings_of(NOWHERE, NOWHERE)))
    assert (output.code, output.out) == (2, "")
    assert "A2M_RECEIVER__SECRET is not set" in output.err

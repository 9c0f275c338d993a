"""`a2m serve` survives the death of each of its parts, on a real Prefect server, with runs that would work for ever."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from support.commands import command, environment, settings_of
from support.prefect_api import ENDED, PrefectApi, kill, process_number
from support.processes import left_of, running, wait_until

from connector.state.engine import open_state
from connector.state.operator import overview
from connector.state.sync import entities
from deployments.late_runs import REASON
from entities.names import NAMES

SKIPPED = {"state": {"name": {"any_": ["Skipped"]}}}


class Serving:
    """`a2m serve`, which can be started again, and Prefect beside it; its schedules are switched off."""

    def __init__(self, server: str, folder: Path, hole: str, stack: ExitStack) -> None:
        self.prefect, self.folder, self._stack = PrefectApi(server), folder, stack
        self._database = f"sqlite:///{folder / 'a2m' / 'state.sqlite'}"
        lines = [f"{name}='{value}'\n" for name, value in settings_of(hole, hole).items()]
        (folder / ".env").touch(mode=0o600)
        (folder / ".env").write_text("".join(lines))
        self._environ = environment(folder, {"PREFECT_API_URL": server})
        self._pause(paused=True)  # no run is scheduled before the schedules are switched off
        self.start()
        for one in self.prefect.deployments().values():
            for schedule in one["schedules"]:
                path = f"deployments/{one['id']}/schedules/{schedule['id']}"
                self.prefect.ask(path, "PATCH", active=False)
        self._pause(paused=False)

    def _pause(self, *, paused: bool) -> None:
        with closing(open_state(self._database)) as state:
            entities.pause(state, list(NAMES), paused=paused)

    def start(self) -> None:
        """Start it."""
        log = self.folder / "serve.log"
        self.process = self._stack.enter_context(
            running(command("serve"), folder=self.folder, environ=self._environ, log=log)
        )
        wait_until(lambda: "Serving" in log.read_text() or self.process.poll() is not None, "serving")
        assert self.process.poll() is None, log.read_text()

    def automations(self) -> int:
        """How many automations start runs again."""
        named = {"name": {"any_": ["A to M, run again"]}}
        return len(self.prefect.ask("automations/filter", automations=named))

    def write_settings(self, text: str) -> None:
        """Let the settings file say this."""
        file = self.folder / "a2m" / "settings.toml"
        file.touch(mode=0o600)
        file.write_text(text)

    def who_works(self) -> str | None:
        """The run that has the lease of prices."""
        with closing(open_state(self._database)) as state, state.read() as connection:
            return overview.of_entity(connection, "price", datetime.now(UTC)).working

    def is_run_again(self, entity: str) -> str:
        """Wait for a run of the entity that the automation started; gives its id."""
        found: list[str] = []

        def is_there() -> bool:
            open_ones = {"state": {"type": {"not_any_": list(ENDED)}}}
            again = [one for one in self.prefect.runs(entity, **open_ones) if one["parameters"].get("rerun") == 1]
            found.extend(one["id"] for one in again)
            return bool(found)

        wait_until(is_there, "a run that was started again")
        return found[0]


@pytest.fixture(scope="module")
def serving(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """One for all tests of this file."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        hole = f"http://127.0.0.1:{listening.getsockname()[1]}"
        made = Serving(server, tmp_path_factory.mktemp("serving"), hole, stack)
        yield made
        for one in made.prefect.deployments().values():  # their schedules would stay switched off for others
            made.prefect.ask(f"deployments/{one['id']}", "DELETE")


def test_a_run_that_failed_is_started_again(serving):
    """A run that fails as a whole, here by its settings, is followed by another one that counts itself."""
    prefect = serving.prefect
    assert serving.automations() == 1
    serving.write_settings("[queue]\nbatch_count = 0\n")
    by_hand = prefect.start("price")
    failed = prefect.wait_for(by_hand, *ENDED)
    assert (failed["state_type"], failed["state_name"]) == ("FAILED", "Failed"), failed["state"]
    again = serving.is_run_again("price")
    serving.write_settings("")
    prefect.cancel(again)
    prefect.wait_for(again, *ENDED)


def test_a_run_that_is_killed_is_run_again_and_can_be_cancelled(serving):
    """Its process is killed: the run is Crashed, and another one is started. That one is cancelled while it works: it
    releases its lease, is Cancelled, and no further one is started. Each has its log and its heartbeats.
    """
    prefect = serving.prefect
    first = prefect.start("inventory")
    pid = prefect.wait_for_work(first)
    assert psutil.Process(pid).ppid() != serving.process.pid, "it was forked from the server"
    wait_until(lambda: prefect.events(first, "prefect.flow-run.heartbeat"), "a heartbeat")
    kill(pid)
    crashed = prefect.wait_for(first, *ENDED)
    assert (crashed["state_type"], crashed["state_name"]) == ("CRASHED", "Crashed")
    assert "-9" in crashed["state"]["message"]

    again = serving.is_run_again("inventory")
    prefect.wait_for_work(again)
    wait_until(lambda: "re-run 1 of 3" in prefect.run(again)["name"], "a run that says that it is a re-run")
    wait_until(lambda: prefect.events(again, "prefect.flow-run.heartbeat"), "a heartbeat")
    prefect.cancel(again)
    cancelled = prefect.wait_for(again, *ENDED)
    assert (cancelled["state_type"], cancelled["state_name"]) == ("CANCELLED", "Cancelled")
    for run_id in (first, again):
        assert any("Beginning flow run" in line for line in prefect.log(run_id))
    states = [one["name"] for one in prefect.ask(f"flow_run_states/?flow_run_id={first}", "GET")]
    assert states == ["Scheduled", "Pending", "Running", "Crashed"], "each further one is a write of a busy server"
    assert [one["parameters"].get("rerun") for one in prefect.runs("inventory")].count(2) == 0


def test_the_fork_server_is_killed(serving):
    """A run that works goes on, though its fork server is dead, and can be cancelled; the next run has a new one."""
    prefect = serving.prefect
    working = prefect.start("price")
    pid = prefect.wait_for_work(working)
    wait_until(serving.who_works, "a run with a lease")
    process = [psutil.Process(pid)]
    before = process[0].ppid()
    kill(before)
    after = prefect.start("Pause", entity="order")
    ended = prefect.wait_for(after, *ENDED)
    assert ended["state_type"] == "COMPLETED", (ended["state"], prefect.log(after))
    assert prefect.run(working)["state_type"] == "RUNNING"
    assert psutil.pid_exists(pid)
    prefect.cancel(working)
    assert prefect.wait_for(working, *ENDED)["state_type"] == "CANCELLED"
    assert serving.who_works() is None, "a run that is cancelled releases its lease"
    wait_until(lambda: left_of(process) == [], "the end of its process")


def test_the_worker_is_killed(serving):
    """Its runs end by themselves and become Crashed; the next `a2m serve` runs them again, gives a run whose process
    was killed as well the state Crashed, does what was started meanwhile, and of the scheduled runs that are late does
    only the newest. It finds its automation and makes no other.
    """
    prefect = serving.prefect
    first, second = prefect.start("price"), prefect.start("Test Connection")
    prefect.wait_for_work(first)
    pid = prefect.wait_for_work(second)
    processes = [psutil.Process(pid), *psutil.Process(serving.process.pid).children(recursive=True)]
    psutil.Process(pid).suspend()  # else it may see the worker die, and say so itself, before it is killed
    kill(serving.process.pid)
    kill(pid)
    crashed = prefect.wait_for(first, *ENDED)
    assert (crashed["state_name"], crashed["state"]["message"]) == ("Crashed", "The worker that had started it died.")
    psutil.wait_procs(processes, timeout=60)
    assert left_of(processes) == []
    assert serving.who_works() is None, "a run that ends by itself releases its lease"
    assert prefect.run(second)["state_type"] == "RUNNING"

    late = prefect.make_late("inventory", 25)
    meanwhile = prefect.start("Resume", entity="order")
    serving.start()
    assert serving.automations() == 1
    assert prefect.wait_for(second, *ENDED)["state_name"] == "Crashed"
    assert prefect.wait_for(meanwhile, *ENDED)["state_type"] == "COMPLETED"
    prefect.wait_for(late[-1], "RUNNING", *ENDED)
    wait_until(lambda: len(prefect.runs("inventory", **SKIPPED)) == len(late) - 1, "24 skipped runs")
    skipped = prefect.runs("inventory", **SKIPPED)
    assert {one["id"] for one in skipped} == set(late[:-1])
    assert {one["state"]["message"] for one in skipped} == {REASON}
    again = serving.is_run_again("price")
    assert process_number(prefect.wait_for(again, "RUNNING")) > 0
    prefect.cancel(again)
    assert prefect.wait_for(again, *ENDED)["state_type"] == "CANCELLED"


def test_a_click_goes_first(serving):
    """Runs of the deployments that are started by hand have a queue of their own with the highest priority."""
    queues = serving.prefect.ask("work_pools/a2m/queues/filter")
    assert [one["name"] for one in sorted(queues, key=lambda one: one["priority"])] == ["by-hand", "default"]
    by_hand = {name for name, one in serving.prefect.deployments().items() if one["work_queue_name"] == "by-hand"}
    assert by_hand == set(serving.prefect.deployments()) - set(NAMES)

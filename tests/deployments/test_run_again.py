"""The automation Run again, on a real Prefect server: a run that failed as a whole is started again."""

from support.commands import command, environment, settings_of
from support.processes import running, wait_until
from support.served import one_client

NOBODY = "http://127.0.0.1:1"


def test_a_run_that_failed_is_started_again(server, folder):
    """Nobody answers at the systems' addresses: the run fails, and another one follows that counts itself. Started a
    second time, `a2m serve` finds its automation and makes no other.
    """
    lines = [f"{name}='{value}'\n" for name, value in settings_of(NOBODY, NOBODY).items()]
    (folder / ".env").touch(mode=0o600)
    (folder / ".env").write_text("".join(lines))
    environ = environment(folder, {"PREFECT_API_URL": server})
    log = folder / "serve.log"
    for _ in range(2):
        with running(command("serve"), folder=folder, environ=environ, log=log) as serving:
            wait_until(lambda: "Serving" in log.read_text() or serving.poll() is not None, "serving")
            named = {"name": {"any_": ["A to M, run again"]}}
            assert len(ask(server, "automations/filter", automations=named)) == 1, log.read_text()
    with running(command("serve"), folder=folder, environ=environ, log=log):
        (price,) = ask(server, "deployments/filter", deployments={"name": {"any_": ["price"]}})
        by_hand = ask(server, f"deployments/{price['id']}/create_flow_run")["id"]
        wait_until(lambda: by_hand in runs(server, price, "FAILED"), "a run that failed", seconds=120)
        wait_until(lambda: 1 in reruns(server, price), "a run that was started again", seconds=120)


def reruns(server, deployment):
    """How often the runs of a deployment were started again."""
    return [one["parameters"].get("rerun") for one in runs(server, deployment).values()]


def runs(server, deployment, state=None):
    """The runs of a deployment by their id, in a state or in any."""
    chosen = {} if state is None else {"flow_runs": {"state": {"type": {"any_": [state]}}}}
    found = ask(server, "flow_runs/filter", deployments={"id": {"any_": [deployment["id"]]}}, limit=200, **chosen)
    return {one["id"]: one for one in found}


def ask(server, path, **body):
    """Ask Prefect's API, as its UI does; while runs begin it may answer that it is busy."""
    answers = []

    def is_answered():
        answers.append(one_client().post(f"{server}/{path}", json=body, timeout=30))
        return answers[-1].status_code < 500

    wait_until(is_answered, "an answer of Prefect")
    assert answers[-1].is_success, answers[-1].text
    return answers[-1].json()

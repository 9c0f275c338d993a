"""The automation Run again, on a real Prefect server: a run that failed as a whole is started again."""

from support.commands import command, environment, settings_of
from support.prefect_api import PrefectApi
from support.processes import running, wait_until

NOBODY = "http://127.0.0.1:1"


def test_a_run_that_failed_is_started_again(server, folder):
    """Nobody answers at the systems' addresses: the run fails, and another one follows that counts itself. Started a
    second time, `a2m serve` finds its automation and makes no other.
    """
    lines = [f"{name}='{value}'\n" for name, value in settings_of(NOBODY, NOBODY).items()]
    (folder / ".env").touch(mode=0o600)
    (folder / ".env").write_text("".join(lines))
    environ = environment(folder, {"PREFECT_API_URL": server})
    log, prefect = folder / "serve.log", PrefectApi(server)
    for _ in range(2):
        with running(command("serve"), folder=folder, environ=environ, log=log) as serving:
            wait_until(lambda: "Serving" in log.read_text() or serving.poll() is not None, "serving")
            named = {"name": {"any_": ["A to M, run again"]}}
            assert len(prefect.ask("automations/filter", automations=named)) == 1, log.read_text()
    with running(command("serve"), folder=folder, environ=environ, log=log):
        by_hand = prefect.start("price")
        assert prefect.wait_for(by_hand, "FAILED")["state_name"] == "Failed"
        wait_until(lambda: 1 in [one["parameters"].get("rerun") for one in prefect.runs("price")], "a run again")

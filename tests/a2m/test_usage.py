"""Wrong use and wrong settings: exit code 2 with one clear sentence, and nothing is sent."""

import subprocess
import sys

import pytest
from support.commands import settings_of
from support.served import one_client

COMMANDS = """
check demo explain failed forget housekeeping link pause receiver reconcile reprocess resume sandbox serve setup skip
status sync
""".split()  # noqa: SIM905
SLOW_TO_IMPORT = ("prefect", "pandas", "sqlalchemy", "alembic", "httpx", "pydantic", "starlette")


def test_help_lists_every_command(a2m):
    """`a2m --help` names every command with what it does."""
    output = a2m("--help")
    assert (output.code, output.err) == (0, "")
    listed = [line.split()[0] for line in output.out.partition("Commands:")[2].splitlines() if line[2:3].strip()]
    assert sorted(listed) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(a2m, command):
    """`a2m COMMAND --help` works without settings."""
    output = a2m(command, "--help")
    assert (output.code, output.err) == (0, "")
    assert output.out.startswith(f"Usage: a2m {command}")


def test_help_is_quick():
    """Nothing that takes long to import is imported for it."""
    ask = (
        "import sys\nfrom a2m.__main__ import main\nsys.argv = ['a2m', '--help']\n"
        f"try:\n    main()\nfinally:\n    print(sorted(set(sys.modules) & set({SLOW_TO_IMPORT!r})), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", ask], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "[]\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["blah"], "No such command 'blah'"),
        (["sync"], "Missing argument"),
        (["sync", "nothing"], "there is no entity 'nothing'; choose one of price, inventory"),
        (["sync", "price", "--wrong"], "No such option"),
        (["failed", "nothing"], "there is no entity 'nothing'"),
        (["pause", "nothing"], "there is no entity 'nothing'"),
        (["resume", "nothing"], "there is no entity 'nothing'"),
        (["skip", "x", "--reason", "y"], "valid integer"),
        (["demo", "--catalog", "nowhere.csv"], "there is no file nowhere.csv"),
        (["demo", "--skus", "0"], "--skus"),
        (["sandbox", "--catalog", "nowhere.csv"], "nowhere.csv cannot be read"),
        (["sandbox", "--faults", "nonsense"], "nonsense"),
        (["sandbox", "--magento-port", "99999"], "--magento-port"),
    ],
)
def test_wrong_use(a2m, arguments, sentence):
    """Wrong use ends with 2, says what is wrong on standard error, and nothing on standard output."""
    output = a2m(*arguments)
    assert (output.code, output.out) == (2, "")
    assert sentence in output.err


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("A2M_QUEUE__BATCH_COUNT", "0", ["A2M_QUEUE__BATCH_COUNT = 0", "greater than or equal to 1"]),
        ("A2M_QUEUE__CHECK_PROCESS_TIME", "60", ["A2M_QUEUE__CHECK_PROCESS_TIME = 60", "less than or equal to 59"]),
        ("A2M_INVENTORY__QUANTITY", "some", ["A2M_INVENTORY__QUANTITY = some", "available"]),
        ("A2M_INVENTORY__WAREHOUSES", "MAIN", ["A2M_INVENTORY__WAREHOUSES = MAIN", "it must be JSON"]),
        ("A2M_QUEUE__BACH_COUNT", "5", ["A2M_QUEUE__BACH_COUNT", "Did you mean A2M_QUEUE__BATCH_COUNT?"]),
        ("A2M_MAGENTO__CONFIRM_BEARER_TOKEN", "wrong-token-of-a-test", ["CONFIRM_BEARER_TOKEN", "differ"]),
        ("A2M_DATABASE_URL", "mysql://somewhere/x", ["mysql"]),
    ],
)
def test_wrong_settings(a2m, make_world, name, value, words):
    """A wrong setting ends with its name, its value and the rule, before anything is sent; secrets are not shown."""
    here = make_world(3)
    for command in (["sync", "all", "--json"], ["check"], ["status", "--json"]):
        output = a2m(*command, **{name: value})
        assert output.code == (1 if name == "A2M_DATABASE_URL" else 2)
        assert output.out == ""
        assert all(word in output.err for word in words), output.err
    assert here.site_state()["requests"] == 0
    assert one_client().get(f"{here.magento.url}/_sandbox/journal").json()["requests"] == []


@pytest.mark.parametrize("command", [["sync", "price"], ["check"], ["reprocess", "--all"]])
def test_without_settings(a2m, command):
    """What is missing is named, and where to put it."""
    output = a2m(*command)
    assert (output.code, output.out) == (2, "")
    assert "A2M_MAGENTO__URL is not set" in output.err
    assert "settings.toml" in output.err


@pytest.mark.parametrize(
    "command", [["status"], ["failed"], ["sync", "price", "--json"], ["sync", "price", "--dry-run"], ["pause"]]
)
def test_a_damaged_state_file(a2m, home, command):
    """A state database that is damaged ends every command with 1 and says what to do; it is not made anew."""
    home.mkdir()
    damaged = b"this is no database, and somebody may want it back" * 100
    (home / "state.sqlite").write_bytes(damaged)
    output = a2m(*command, **settings_of("http://127.0.0.1:1", "http://127.0.0.1:1"))
    assert (output.code, output.out) == (1, "")
    assert "state.sqlite" in output.err
    assert "damaged" in output.err
    assert (home / "state.sqlite").read_bytes() == damaged

"""Wrong use and wrong settings: exit code 2 with one clear sentence, and nothing is sent."""

import re
import subprocess
import sys
from importlib.metadata import version

import pytest
from support.commands import settings_of
from support.served import one_client

COMMANDS = """
backup check demo doctor explain failed forget housekeeping link pause receiver reconcile reprocess restore
resume sandbox serve setup skip status sync user web
""".split()  # noqa: SIM905
SLOW_TO_IMPORT = ("prefect", "pandas", "sqlalchemy", "alembic", "httpx", "pydantic", "starlette", "jinja2", "argon2")


def test_help_lists_every_command(a2m):
    """`a2m --help` names every command with what it does."""
    output = a2m("--help")
    assert (output.code, output.err) == (0, "")
    groups = output.out.partition("\n\nTry it on this machine:")[2].partition("Exit codes:")[0]
    listed = [line.split()[0] for line in groups.splitlines() if re.match(r"  [a-z]", line)]
    assert sorted(listed) == COMMANDS
    assert "More:" not in groups, "each command names its group"


def test_help_is_whole_sentences(a2m, monkeypatch):
    """On a terminal of 80 columns no sentence is cut, and each ends as one."""
    monkeypatch.setenv("COLUMNS", "80")
    groups = a2m("--help").out.partition("\n\nTry it on this machine:")[2].partition("Exit codes:")[0]
    assert "..." not in groups
    assert max(map(len, groups.splitlines())) <= 80
    sentences = re.split(r"\n(?=  [a-z])", groups)[1:]
    assert [one for one in sentences if not re.match(r"  [a-z]+ +[A-Z].*\.\s*(\n\S.*:)?\s*$", one, re.DOTALL)] == []


def test_version(a2m):
    """`--version` names the version that is installed."""
    assert a2m("--version").out == f"a2m {version('acumatica-magento')}\n"


def test_completion(a2m, monkeypatch):
    """A shell completes commands and names of entities."""
    for typed, completed in (("a2m sy", "sync\n"), ("a2m sync in", "inventory\n"), ("a2m link a", "\n")):
        monkeypatch.setenv("COMP_WORDS", typed)
        monkeypatch.setenv("COMP_CWORD", str(typed.count(" ")))
        assert a2m(_A2M_COMPLETE="complete_bash").out == completed


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
        (["reprocess"], "name message ids or one entity, or --all"),
        (["reprocess", "nothing"], "there is no entity 'nothing'"),
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
        ("A2M_QUEUE__BATCH_COUNT", "0", ["A2M_QUEUE__BATCH_COUNT = 0", "it must be a whole number, 1 to 1,000."]),
        (
            "A2M_QUEUE__CHECK_PROCESS_TIME",
            "60",
            ["A2M_QUEUE__CHECK_PROCESS_TIME = 60", "it must be a whole number, 1 to 59"],
        ),
        ("A2M_INVENTORY__QUANTITY", "some", ["A2M_INVENTORY__QUANTITY = some", "available"]),
        ("A2M_INVENTORY__WAREHOUSES", "MAIN", ["A2M_INVENTORY__WAREHOUSES = MAIN", "it must be JSON"]),
        ("A2M_QUEUE__BACH_COUNT", "5", ["A2M_QUEUE__BACH_COUNT", "Did you mean A2M_QUEUE__BATCH_COUNT?"]),
        ("A2M_MAGENTO__CONFIRM_BEARER_TOKEN", "wrong-token-of-a-test", ["CONFIRM_BEARER_TOKEN", "differ"]),
        ("A2M_NOSUCH__X", "5", ["A2M_NOSUCH__X (in the environment) is not a setting.\n"]),
        ("A2M_DATABSE_URL", "5", ["Did you mean A2M_DATABASE_URL?"]),
        ("A2M_MAGENT__BEARER_TOKEN", "5", ["Did you mean A2M_MAGENTO__BEARER_TOKEN?"]),
        ("A2M_DATABASE_URL", "mysql://somewhere/x", ["A2M_DATABASE_URL", "mysql"]),
        ("A2M_DATABASE_URL", "sqlite://", ["A2M_DATABASE_URL", "names no database"]),
        ("A2M_DATABASE_URL", "nonsense", ["A2M_DATABASE_URL"]),
    ],
)
def test_wrong_settings(a2m, make_world, name, value, words):
    """A wrong setting ends with its name, its value and the rule, before anything is sent; secrets are not shown."""
    here = make_world(3)
    for command in (["sync", "all", "--json"], ["check"], ["status", "--json"]):
        output = a2m(*command, **{name: value})
        assert output.code == 2
        assert output.out == ""
        assert all(word in output.err for word in words), output.err
    assert here.site_state()["requests"] == 0
    assert one_client().get(f"{here.magento.url}/_sandbox/journal").json()["requests"] == []


@pytest.mark.parametrize(
    ("command", "words"), [(["sync"], "price, inventory"), (["explain", "price"], "SKU"), (["skip"], "a2m failed")]
)
def test_a_missing_argument(a2m, command, words):
    """What an argument can be is said where it is missing."""
    output = a2m(*command)
    assert output.code == 2
    assert words in output.err.partition("Missing argument")[2]


@pytest.mark.parametrize("command", [["sync", "price"], ["check"], ["reprocess", "--all"]])
def test_without_settings(a2m, command):
    """What is missing is named, and where to put it."""
    output = a2m(*command)
    assert (output.code, output.out) == (2, "")
    assert "A2M_MAGENTO__URL is not set" in output.err
    assert output.err.count("settings.toml") == 1


def test_status_without_settings(a2m):
    """Nothing was synced, and the next step is named."""
    output = a2m("status")
    assert output.code == 0
    assert "Not connected yet: A2M_MAGENTO__URL, " in output.out
    assert output.out.endswith("a2m setup asks for each.\n")


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

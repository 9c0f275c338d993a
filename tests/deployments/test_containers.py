"""The files for containers, Kubernetes and systemd: by their form and their meaning, because nothing here runs them."""

import configparser
import re
from pathlib import Path

import pytest
import yaml
from support.command_lines import command_of, parse_prefect, words_of
from support.databases import PASSWORD, SECRET_USER
from support.project import PACKAGES, ROOT

from app.deployment_names import POOL
from connector.state.engine import shown_address
from deployments.pool import TYPE

FOLDER = ROOT / "deployments"
COMPOSE = ("compose.yaml", "compose.worker.yaml")
CHARTS = ("prefect-server", "prefect-worker")
UNITS = sorted((FOLDER / "systemd").glob("*.service"))
ODD = "p@ss:w/rd %$'\"#?"
PASSWORDS = ("${STATE_PASSWORD:?}", "${PREFECT_AUTH:?}")


def services(file: str) -> dict[str, dict[str, object]]:
    return yaml.safe_load((FOLDER / file).read_text())["services"]


ALL = [(file, name, one) for file in COMPOSE for name, one in services(file).items()]
each_service = pytest.mark.parametrize(("file", "name", "service"), ALL, ids=[name for _file, name, _one in ALL])


def parse(line: str) -> None:
    """Let the real command lines take a command of ours or of Prefect's."""
    words = words_of(line, "prefect")
    if words is not None:
        parse_prefect(words)
        return
    words = words_of(line, "a2m") or []
    command_of(words).make_context("a2m", words)


@each_service
def test_each_service_can_be_asked_whether_it_is_well(file, name, service):
    """It has a health check, whose program compiles, and is started again when it dies."""
    test = service["healthcheck"]["test"]
    assert test[0] in ("CMD", "CMD-SHELL")
    if test[1] == "python":
        compile(test[3], name, "exec")
    assert service["restart"] == "unless-stopped"


@each_service
def test_images_are_pinned(file, name, service):
    """To a version: what was tried is what starts."""
    assert re.fullmatch(r"[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?", service["image"]), service["image"]


@each_service
def test_a_password_may_hold_any_character(file, name, service):
    """It is a value of its own wherever it stands, never a part of an address that would have to escape it."""
    for value in service.get("environment", {}).values():
        assert value in PASSWORDS or not any(one in str(value) for one in PASSWORDS), value
        if "://a2m@" in str(value):
            assert service["environment"]["PGPASSWORD"] == PASSWORDS[0]


@each_service
def test_commands_are_those_of_the_command_line(file, name, service):
    """With the options that it has."""
    if "command" in service:
        parse(service["command"])


@each_service
def test_only_loopback_is_published(file, name, service):
    """Whoever comes from elsewhere goes through a proxy."""
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_no_profile_starts_a_second_connector():
    """Without a profile everything that is needed runs, each profile adds its own service, and no file but this one has
    `a2m serve`.
    """
    ours = services("compose.yaml")
    plain = {name for name, one in ours.items() if not one.get("profiles")}
    assert plain == {"database", "prefect", "connector"}
    assert {name: one["profiles"] for name, one in ours.items() if one.get("profiles")} == {
        "workspace": ["workspace"],
        "receiver": ["receiver"],
    }
    assert [name for _file, name, one in ALL if "a2m serve" in str(one.get("command"))] == ["connector"]
    assert f"--pool {POOL} --type {TYPE}" in services("compose.worker.yaml")["worker"]["command"]


def test_the_state_s_address_is_one(monkeypatch):
    """Without a password, which libpq takes from PGPASSWORD."""
    address = services("compose.yaml")["connector"]["environment"]["A2M_DATABASE_URL"]
    assert shown_address(address) == "postgresql+psycopg://a2m@database/a2m"


def ignored(path: str) -> bool:
    """Whether Docker leaves a file of the project outside: the last pattern that matches decides."""
    outside = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        expression = re.escape(pattern).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if re.match(f"{expression}(/.*)?$", path):
            outside = not line.startswith("!")
    return outside


def test_secrets_and_developers_files_stay_outside_the_image():
    """What is copied is listed; what could hold a secret is left out wherever it lies."""
    outside = [
        ".env", "a2m.env", "deployments/.env", "deployments/a2m.env", "settings/settings.toml",
        "deployments/.env.local", "tests/conftest.py", ".git/config", ".venv/bin/python", "docs/index.md",
        "state.sqlite", "web/state.sqlite-wal",
    ]  # fmt: skip
    assert [path for path in outside if not ignored(path)] == []
    inside = ["pyproject.toml", "a2m/__main__.py", "web/templates/base.html", "deployments/entrypoint.sh"]
    inside += [f"{package}/__init__.py" for package in PACKAGES]
    assert [path for path in inside if ignored(path)] == []


def test_the_image():
    """Every package is copied, the sources stay in the first stage, nobody is root, and signals reach the program."""
    build, final = re.split(r"^FROM ", (FOLDER / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    assert set(re.findall(r"^COPY (\w+) \1$", build, re.MULTILINE)) == set(PACKAGES)
    assert not re.search(r"^COPY (?!--from=build|--chmod=0755 deployments/entrypoint.sh)", final, re.MULTILINE)
    assert build.split()[0] == final.split()[0]
    assert "\nUSER 1001:1001\n" in final
    assert '"/usr/bin/tini"' in final
    parse(" ".join(re.findall(r'"([^"]+)"', re.search(r"^CMD (.*)$", final, re.MULTILINE)[1])))
    assert (FOLDER / "entrypoint.sh").stat().st_mode & 0o111


def test_the_values_for_prefects_charts():
    """Our worker in our image as nobody special, and every secret from a Secret."""
    server, worker = (
        yaml.safe_load((FOLDER / "helm" / f"prefect-{one}.yaml").read_text()) for one in ("server", "worker")
    )
    assert (worker["worker"]["config"]["workPool"], worker["worker"]["config"]["type"]) == (POOL, TYPE)
    for context in ("podSecurityContext", "containerSecurityContext"):
        assert worker["worker"][context]["runAsNonRoot"] is True
    for part in (server["server"], worker["worker"]):
        assert part["basicAuth"] == {"enabled": True, "existingSecret": "a2m-prefect-auth"}
        assert part["livenessProbe"]["enabled"] is True
    assert server["secret"] == {"create": False, "name": "a2m-prefect-database"}
    (version,) = re.findall(r'"prefect==([\d.]+)"', (ROOT / "pyproject.toml").read_text())
    assert server["global"]["prefect"]["image"]["prefectTag"].startswith(f"{version}-")


def test_versions_are_the_projects():
    """The image's tag is the version of the project, wherever it stands."""
    (version,) = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    files = [*(FOLDER / one for one in COMPOSE), FOLDER / "Dockerfile"]
    tags = {tag for file in files for tag in re.findall(r"acumatica-magento:([\w.]+)", file.read_text())}
    tags.add(yaml.safe_load((FOLDER / "helm" / "prefect-worker.yaml").read_text())["worker"]["image"]["prefectTag"])
    assert tags == {version}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: Path(unit).stem)
def test_units_of_systemd(unit):
    """Their command is one, as a user of its own who may write nothing but the state folder."""
    read = configparser.ConfigParser(interpolation=None, strict=False)
    read.optionxform = str
    read.read(unit)
    service = read["Service"]
    parse(service["ExecStart"])
    assert (service["User"], service["UMask"], service["ProtectSystem"]) == ("a2m", "0077", "strict")
    assert service["ReadWritePaths"] == "/var/lib/a2m"


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
async def test_a_password_of_any_characters_reaches_the_database(postgres, monkeypatch, driver):
    """By PGPASSWORD, which the drivers of the connector and of the Prefect server take."""
    import asyncpg  # type: ignore[import-untyped]
    import psycopg

    postgres.sql(f"ALTER ROLE {SECRET_USER} PASSWORD '{ODD.replace(chr(39), chr(39) * 2)}'")
    try:
        monkeypatch.setenv("PGPASSWORD", ODD)
        where = {"host": str(postgres.folder), "user": SECRET_USER}
        if driver == "psycopg":
            with psycopg.connect(dbname="postgres", **where) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
        else:
            other = await asyncpg.connect(database="postgres", **where)
            assert await other.fetchval("SELECT 1") == 1
            await other.close()
    finally:
        postgres.sql(f"ALTER ROLE {SECRET_USER} PASSWORD '{PASSWORD}'")

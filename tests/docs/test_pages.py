"""Whatever a page names exists: commands and their options, make targets, settings, files, names in code, links."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from support.command_lines import command_of, parse_prefect, words_of
from support.project import ROOT

from settings import all_settings, sections
from settings.locations import OTHER_VARIABLES

PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md"))
    if page.name not in ("CHANGELOG.md",) and "adr" not in page.parts
)
"""Decisions and changes tell of their day; every other page is of today."""
SAMPLES = {"ID": "1", "MAGENTO_ID": "4567", "ENTITY": "price", "FILE": "file", "EMAIL": "a@example.com"}
"""What stands in a command for whatever somebody means, and a value that the command line takes for it."""
OF_TOOLS = {"A2M_PICTURES", "A2M_SEED", "A2M_WORK_POOL", "A2M_WORK_FOLDER"}
"""Variables of the tests and of `prefect deploy`."""
OF_THE_READER = ("deployments/.env", "deployments/a2m.env")
"""Files that the reader makes."""
ELSEWHERE = ("/", "~", "http", "rest/", "api/", "V1/", "entity/", "t/", "bin/magento", "path/", "notify/", "a2m-")
OURS = (
    "a2m",
    "app",
    "connector",
    "deployments",
    "docs",
    "entities",
    "flows",
    "receiver",
    "sandbox",
    "settings",
    "tasks",
)
FOLDERS = (*OURS, "tests", "web", ".ci", ".github")


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(text: str) -> Iterator[str]:
    """Every line of a fenced block, without its comment."""
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from (re.sub(r"\s+#.*", "", line).strip() for line in block.splitlines())


def spans(text: str) -> list[str]:
    """Every inline code span."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_examples_are_parsed_by_the_command_line(page):
    """Each line of an example with its arguments and options, as the real command line takes them."""
    if page == "docs/reference/commands.md":
        pytest.skip("it is made from the command line, and shows usage and no examples")
    for line in blocks(text_of(page)):
        words = words_of(line, "a2m")
        if words is None or words[:1] in (["--version"], ["--install-completion"]):
            continue
        command = command_of(words)
        assert command is not None, f"{page}: there is no command: {line}"
        command.make_context("a2m", [SAMPLES.get(word, word) for word in words])


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_sentences_exist(page):
    """Each command that a sentence names, and each option behind it."""
    for span in spans(text_of(page)):
        words = words_of(span, "a2m")
        if not words or words[0].startswith("--"):
            continue
        command = command_of(words)
        assert command is not None, f"{page}: there is no command: {span}"
        options = {option for one in command.params for option in one.opts}
        assert [word for word in words if word.startswith("--") and word not in options] == [], f"{page}: {span}"


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(words_of(one, "prefect") for one in blocks(text_of(page)))]
)
def test_prefects_commands_are_parsed_by_its_command_line(page):
    """Each line of an example that starts Prefect."""
    for line in blocks(text_of(page)):
        words = words_of(line, "prefect")
        if words is not None:
            parse_prefect(words)


@pytest.mark.parametrize("page", PAGES)
def test_make_targets_exist(page):
    """Each target of make that a page names."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = [one for one in (*blocks(text_of(page)), *spans(text_of(page))) if re.match(r"(\S+=\S+ )*make [a-z]", one)]
    assert [one for one in named if re.search(r"make ([a-z]+)", one)[1] not in targets] == []


@pytest.mark.parametrize("page", PAGES)
def test_settings_exist(page):
    """Each setting that a page names in full."""
    known = {one.name for one in all_settings()} | set(OTHER_VARIABLES) | {one.former_name for one in all_settings()}
    known |= {f"A2M_{one.upper()}" for one in sections()} | OF_TOOLS
    named = set(re.findall(r"\bA2M_[A-Z0-9_]*[A-Z0-9]\b(?!…)", text_of(page)))
    assert named - known == set()


@pytest.mark.parametrize("page", PAGES)
def test_files_and_names_exist(page):
    """Each file of the repository that a page names, and each name in it: `tasks/pull.py:Pull`."""
    missing = []
    for span in spans(text_of(page)):
        path, _colon, name = span.partition(":")
        folder = path.partition("/")[0]
        if (
            folder not in FOLDERS
            or "/" not in path
            or span in OF_THE_READER
            or re.search(r"[<>{}* …]", span)
            or path.startswith(ELSEWHERE)
        ):
            continue
        file = ROOT / path
        if not file.exists() or (name and file.suffix == ".py" and name.isidentifier() and name not in defined(file)):
            missing.append(span)
    assert missing == []


@cache
def defined(file: Path) -> set[str]:
    """Every name that a module defines."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    found = {one.name for one in ast.walk(tree) if isinstance(one, kinds)}
    return found | {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


@pytest.mark.parametrize("page", [page for page in PAGES if not page.startswith("docs/")])
def test_links_of_pages_outside_the_site(page):
    """The site's own links are held by its strict build; these by their files."""
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text_of(page)):
        if not target.startswith(("http", "mailto:")):
            assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


def test_the_site_builds_strictly(tmp_path):
    """A link, an anchor or a page of the navigation that does not exist fails it."""
    command = [sys.executable, "-m", "properdocs", "build", "--strict", "--quiet", "-d", tmp_path / "site"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    decisions = (tmp_path / "site" / "adr" / "index.html").read_text()
    assert "0001-state-in-a-database-of-our-own.html" in decisions

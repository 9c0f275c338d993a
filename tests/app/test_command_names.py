"""Commands in a text are called as people find them where they read it."""

import pytest

from app.command_names import PAGE_NAMES, PREFECT_NAMES, replace_commands
from connector.model.failure_help import HELP


@pytest.mark.parametrize(
    ("text", "in_prefect", "on_pages"),
    [
        ("with Reprocess Failed Messages (a2m reprocess).", "with Reprocess Failed Messages.", "(Send again)."),
        ("it is paused; resume it with: a2m resume price", "it is paused; resume it with: Resume", "with: Resume"),
        ("Link it: a2m link order 'SO 000001' 17", "Link it: Link a Document ('SO 000001' 17)", "Link on its page ("),
        ("Link it: a2m link customer ACME0001 ID, or", "Link it: Link a Document (ACME0001), or", "(ACME0001), or"),
        ("of one: a2m sync customer --key ACME0001", "of one: One Key Now (ACME0001)", "of one: Sync now (ACME0001)"),
        ("Settle it with: a2m sync order, then", "Settle it with: run its deployment, then", "Sync now, then"),
        ("all: `a2m failed --csv`.", "all: Reprocess Failed Messages, Only list them.", "all: Failed messages."),
        ("Is a2m serve running?", "Is a2m serve running?", "Is a2m serve running?"),
        ("A2M_CUSTOMER__CREATE, a2m-entity", "A2M_CUSTOMER__CREATE, a2m-entity", "A2M_CUSTOMER__CREATE"),
    ],
)
def test_what_a_command_is_called(text, in_prefect, on_pages):
    """As a deployment in Prefect, as a button on the pages, with the record that it is about; a command that starts
    something on a machine stays one.
    """
    assert replace_commands(text, PREFECT_NAMES) == in_prefect
    assert on_pages in replace_commands(text, PAGE_NAMES)


def test_no_fix_sends_a_reader_to_a_shell():
    """What to do about a failure names no command in either place."""
    for one in HELP.values():
        for names in (PREFECT_NAMES, PAGE_NAMES):
            assert "a2m " not in replace_commands(f"{one.meaning} {one.fix}", names)

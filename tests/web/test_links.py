"""Texts that name settings lead to their fields, or call them as the screen does."""

import pytest

from web.links import plainly, with_commands, with_links

BATCH = '<a href="/setup/queue#queue-batch_count">{}</a>'


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("Lower A2M_QUEUE__BATCH_COUNT.", f"Lower {BATCH.format('Batch Count')}."),
        ("Lower Batch Count (A2M_QUEUE__BATCH_COUNT), <b>.", f"Lower {BATCH.format('Batch Count')}, &lt;b&gt;."),
        ("The batch count (A2M_QUEUE__BATCH_COUNT)", f"The {BATCH.format('batch count')}"),
        ("Set it (A2M_QUEUE__BATCH_COUNT).", f"Set it ({BATCH.format('Batch Count')})."),
        ("A2M_NOTHING__KNOWN & more", "A2M_NOTHING__KNOWN &amp; more"),
        ("<script>", "&lt;script&gt;"),
        ("", ""),
    ],
)
def test_a_setting_is_a_link(text, markup):
    """It is called as the screen calls it; nothing else of the text is markup."""
    assert with_links(text) == markup


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Saved: Retry Count (A2M_QUEUE__RETRY_COUNT) 3 → 9. Why: (x)", "Saved: Retry Count 3 → 9. Why: (x)"),
        ("Inventory is active (A2M_ACTIVE__INVENTORY) True → False", "Inventory is active on → off"),
        (
            "Warehouses (A2M_INVENTORY__WAREHOUSES) [] → ['MAIN'], User '' → 'x'",
            "Warehouses nothing → ['MAIN'], User nothing → 'x'",
        ),
        ("User 'x' → ''", "User 'x' → nothing"),
        ("True and False stay as they are", "True and False stay as they are"),
    ],
)
def test_what_was_done_with_settings(text, shown):
    """Labels without names; on, off and nothing where a value is one of them."""
    assert plainly(text) == shown


def test_commands_in_a_text_are_code():
    """What stands between backticks is code, and nothing of the text is markup."""
    assert with_commands("Run `a2m serve` & <b>, not `a2m web`.") == (
        "Run <code>a2m serve</code> &amp; &lt;b&gt;, not <code>a2m web</code>."
    )

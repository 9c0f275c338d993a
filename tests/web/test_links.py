"""Texts that name settings lead to their fields."""

import pytest

from web.links import with_links

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

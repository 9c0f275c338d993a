"""The documentation of the settings is that of the settings."""

from pathlib import Path

from settings.reference import as_markdown


def test_the_page_of_settings_is_up_to_date():
    """docs/reference/settings.md is what the models say."""
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "settings.md"
    assert page.read_text(encoding="utf-8") == as_markdown()

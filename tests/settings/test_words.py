"""A setting is called as the screen calls it."""

import pytest

from settings import as_on_the_screen


@pytest.mark.parametrize(
    ("raw", "current"),
    [
        ("Correct A2M_ITEMS__CLASSES.", "Correct Classes (A2M_ITEMS__CLASSES)."),
        ("Classes (A2M_ITEMS__CLASSES) is", "Classes (A2M_ITEMS__CLASSES) is"),
        ("classes (A2M_ITEMS__CLASSES) is", "classes (A2M_ITEMS__CLASSES) is"),
        ("of another kind (A2M_ITEMS__CLASSES).", "of another kind (Classes, A2M_ITEMS__CLASSES)."),
        ("(Sessions, A2M_ACUMATICA__SESSIONS)", "(Sessions, A2M_ACUMATICA__SESSIONS)"),
        ("set A2M_DATABASE_URL or A2M_X__Y", "set A2M_DATABASE_URL or A2M_X__Y"),
    ],
)
def test_a_setting_is_called_as_on_the_screen_once(raw: str, current: str) -> None:
    """Its name in files stands in brackets; a second call changes nothing."""
    assert as_on_the_screen(raw) == current
    assert as_on_the_screen(current) == current

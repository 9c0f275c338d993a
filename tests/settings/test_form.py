"""Setup Parameters as a form: what it tells of each field."""

import pytest

from settings import as_on_the_screen, form


@pytest.mark.parametrize(
    ("section", "field", "sent"),
    [
        ("queue", "check_process_time", "(seconds, 1 to 59)"),
        ("queue", "threshold_count", "(records, 0 to 1,000,000)"),
        ("queue", "process_sleep_time", "(seconds, at least 1)"),
        ("acumatica", "timeout", "(seconds, more than 0 to 3,600)"),
    ],
)
def test_a_number_shows_its_unit_and_its_bounds(section, field, sent):
    """Whoever fills in the form reads what is allowed before it is refused."""
    group = form().model_fields[section].annotation
    assert group.model_fields[field].description.endswith(sent)


def test_settings_are_called_as_on_the_screen():
    """Words that name a setting as files do name it as the form does, too; what is no setting stays."""
    message = as_on_the_screen("A2M_QUEUE__RETRY_COUNT = 0 and A2M_HOME and A2M_NOTHING__AT_ALL")
    assert message == "Retry Count (A2M_QUEUE__RETRY_COUNT) = 0 and A2M_HOME and A2M_NOTHING__AT_ALL"

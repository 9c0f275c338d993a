"""The documentation's tests have a state folder of their own."""

from pathlib import Path

import pytest
from support.surroundings import of_the_test


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder."""
    return of_the_test(tmp_path, monkeypatch)

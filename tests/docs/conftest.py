"""The documentation's tests have a state folder of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.isolation import isolated_home, no_prefect_server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder."""
    with no_prefect_server():
        yield isolated_home(tmp_path, monkeypatch)

"""The documentation's tests have a state folder of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.surroundings import no_prefect_server, of_the_test


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The state folder."""
    with no_prefect_server():
        yield of_the_test(tmp_path, monkeypatch)

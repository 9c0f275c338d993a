"""What every test may use: the shared evidence (recordings, samples), and what CI may not skip."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def required(what: str) -> bool:
    """Whether `A2M_REQUIRE` says that a test for `what` may not be skipped."""
    return what in os.environ.get("A2M_REQUIRE", "").split(",")


def missing(what: str, reason: str) -> None:
    """Skip with the reason, or fail where `A2M_REQUIRE` names `what`."""
    if required(what):
        pytest.fail(f"A2M_REQUIRE names {what}, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `../shared` with the recordings of a real Magento and real Acumatica answers."""
    if not SHARED.is_dir():
        missing("recordings", "the folder ../shared with the recordings is not here")
    return SHARED

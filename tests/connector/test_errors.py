"""One root for every fault that ends a run: its sentence, its exit code, and whether it passes."""

import sys

import pytest

from a2m import __main__ as command_line
from app.run.work import FAULTS
from connector.acumatica.errors import AcumaticaBusy, LoginRefused, NoRights
from connector.errors import ConnectorError
from connector.magento.errors import NoAnswer, TemporaryFault, Unauthorized
from connector.model.failures import FailureCode, Rejected
from connector.state.coordination.lease import LeaseLost
from connector.state.faults import StateError
from entities.shop import ConfigurationConflict
from settings import SettingsError
from tasks.push import PushAgain, ShopUnreachable

ENDS_A_RUN = (AcumaticaBusy, LoginRefused, NoRights, TemporaryFault, NoAnswer, Unauthorized, StateError, LeaseLost)


@pytest.mark.parametrize("fault", [*ENDS_A_RUN, ConfigurationConflict, ShopUnreachable])
def test_a_fault_that_ends_a_run_has_the_one_root(fault: type[ConnectorError]) -> None:
    """A run tells it in words instead of dying of it."""
    assert issubclass(fault, ConnectorError)
    assert issubclass(fault, FAULTS)
    assert fault.is_transient is (fault in (AcumaticaBusy, TemporaryFault, NoAnswer, LeaseLost))


def test_what_concerns_one_record_or_one_round_ends_no_run() -> None:
    """A rejected record fails its message; another round is no fault. Neither may be taken for one."""
    assert not isinstance(Rejected(FailureCode.NO_SKU, "x"), FAULTS)
    assert not issubclass(PushAgain, FAULTS)


@pytest.mark.parametrize(
    ("fault", "code", "passes"),
    [(NoRights("no"), 1, False), (AcumaticaBusy("no"), 1, True), (SettingsError("no"), 2, False)],
)
def test_a_command_ends_with_the_code_of_its_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fault: Exception, code: int, passes: bool
) -> None:
    """Its sentence goes to standard error, without a traceback; what passes by itself is said to."""

    def fails(**_names: object) -> None:
        raise fault

    monkeypatch.setattr(sys, "argv", ["a2m"])
    monkeypatch.setattr(command_line, "_command_line", lambda: fails)
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    assert ended.value.code == code
    message = capsys.readouterr().err.splitlines()
    assert message == ["no", *(["It usually passes by itself: run the command again."] if passes else [])]

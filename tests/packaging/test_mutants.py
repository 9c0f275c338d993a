"""The list of `make mutants` keeps up with the code that it breaks."""

import pytest
from mutants.listed import MUTANTS, Mutant
from support.project import ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=[one.what for one in MUTANTS])
def test_a_mutant_can_be_made(mutant: Mutant) -> None:
    """What it changes stands in its file once, the changed file is Python, and its tests are there."""
    text = (ROOT / mutant.file).read_text()
    assert text.count(mutant.old) == 1
    assert mutant.new != mutant.old
    compile(text.replace(mutant.old, mutant.new), mutant.file, "exec")
    assert [test for test in mutant.tests if not (ROOT / test).exists()] == []

"""A change of a name or a signature that others stand on is a decision, not an accident.

Where a change is meant, `.venv/bin/python Testing/api` pins it; say in the commit what users have to change.
"""

import importlib

import pytest
from interfaces import FOLDER, INTERFACES, MODULE
from signatures import linesOf


@pytest.mark.parametrize("file", INTERFACES)
def test_interfaceIsWhatIsPromised(host, file):
    assert INTERFACES[file]() == (FOLDER / file).read_text(encoding="utf-8").splitlines()


def test_logicExportsNothingElse(host):
    logic = importlib.import_module("MedSAMSegLib.logic")
    own = [name for name, thing in vars(logic).items() if getattr(thing, "__module__", "") == logic.__name__]
    assert [name for name in own if not name.startswith("_")] == MODULE[logic.__name__]


def test_propagationExportsWhatItSays():
    propagation = importlib.import_module("medsamseg_server.propagation")
    assert [name for name in propagation.__all__ if not hasattr(propagation, name)] == []
    assert list(propagation.METHODS) == ["tracking", "film", "reference"]


class Sample:
    """For the lines themselves."""

    def method(self, first, *, second=2, third=dict):
        """Do nothing."""


def test_linesNameWhatMatters():
    Sample.__module__ = "MedSAMSegLib.sample"
    assert linesOf("Sample", Sample) == ["Sample()", "Sample.method(first, *, second=2, third=…)"]
    assert linesOf("f", lambda a, b="c": None) == ["f(a, b='c')"]

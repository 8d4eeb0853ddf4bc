"""Every example in a docstring, of the module and of the server, is run."""

import doctest
import importlib
import linecache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = doctest.ELLIPSIS


def modulesWithExamples():
    """:return: names of the modules with a prompt in a docstring; found by their text, since importing takes long."""
    names = []
    for folder in (ROOT / "MedSAMSeg", ROOT / "server"):
        for package in ("MedSAMSegLib", "medsamseg_server"):
            for path in sorted((folder / package).rglob("*.py")):
                if ">>> " in path.read_text(encoding="utf-8"):
                    names.append(".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__"))
    return names


@pytest.mark.parametrize("name", modulesWithExamples())
def test_examplesInDocstringsAreTrue(host, name):
    # The module's globals, slicer's classes among them, are only there in the host: imported here, not at collection.
    # Before each docstring all files are looked at whose lines were shown once, such as those of a network's exporter.
    linecache.clearcache()
    result = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
    assert result.attempted > 0
    assert result.failed == 0


def test_examplesOfBothProgramsAreFound():
    found = {name.partition(".")[0] for name in modulesWithExamples()}
    assert found == {"MedSAMSegLib", "medsamseg_server"}

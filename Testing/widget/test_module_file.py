"""The module's file as Slicer loads it, and what CMake installs of the module."""

import re
import sys
from pathlib import Path

import pytest

from MedSAMSegLib.server.serverProcess import ServerProcess
from slicerhost import scriptedModules

MODULE_FOLDER = Path(__file__).resolve().parents[2] / "MedSAMSeg"


@pytest.fixture
def module(gui):
    return scriptedModules.load(MODULE_FOLDER / "MedSAMSeg.py")


def test_moduleDescribesItself(module):
    _pythonModule, moduleObject = module
    description = moduleObject.parent
    assert description.title == "MedSAMSeg"
    assert description.categories == ["Segmentation"]
    assert "not a medical device" in description.helpText


def test_selfTestPasses(module, monkeypatch):
    pythonModule, _moduleObject = module
    monkeypatch.setenv("MEDSAMSEG_PYTHON", sys.executable)
    try:
        pythonModule.MedSAMSegTest().runTest()
    finally:
        ServerProcess.shared().stop()


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_documentPointsToNoMissingFile(document):
    root = MODULE_FOLDER.parent
    links = re.findall(r"\]\(([^):#]+)\)", (root / document).read_text(encoding="utf-8"))
    assert [link for link in links if not (root / link).exists()] == []


def test_picturesOfTheExtensionsIndexAreThere():
    root = MODULE_FOLDER.parent
    pictures = re.findall(r"SlicerMedSAMSeg/main/([^\s\"]+)", (root / "CMakeLists.txt").read_text(encoding="utf-8"))
    assert pictures
    assert [picture for picture in pictures if not (root / picture).is_file()] == []


def test_everyFileOfTheModuleIsListedForInstallation():
    # The server's own files, below ${SERVER_SOURCE_DIR}, are found by patterns.
    listed = set(
        re.findall(
            r"^  ((?!\$\{SERVER)\S+\.\w+)$",
            (MODULE_FOLDER / "CMakeLists.txt").read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
    listed = {name.replace("${MODULE_NAME}", "MedSAMSeg") for name in listed}
    present = {
        path.relative_to(MODULE_FOLDER).as_posix()
        for path in MODULE_FOLDER.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != "CMakeLists.txt"
    }
    assert listed == present

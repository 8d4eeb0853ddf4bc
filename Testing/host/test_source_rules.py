"""The module's sources use nothing that a real Slicer lacks."""

from pathlib import Path

import pytest

from slicerhost.sourceRules import violations

LIB = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "MedSAMSegLib"


@pytest.mark.parametrize("path", sorted(LIB.rglob("*.py")), ids=lambda path: path.name)
def test_the_library_keeps_the_rules(path):
    assert violations(path) == []


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import slicer\nslicer.getNode('x')", "slicer.getNode exists only as slicer.util.getNode"),
        ("from slicer import arrayFromVolume", "slicer.arrayFromVolume exists only as slicer.util.arrayFromVolume"),
        ("import torch", "imports torch, which is not part of Slicer"),
        ("from medsamseg_server.serving.contract import app", "imports medsamseg_server, which is not part of Slicer"),
        ("import qt\nqt.QLabel(text='x')", "qt.QLabel takes no keyword argument text"),
        ("import qt\nqt.QTimer.singleShot(0, receiver=f)", "qt.QTimer.singleShot takes no keyword argument receiver"),
        ("import qt\na is qt.Qt.Checked", "compares qt.Qt.Checked with 'is', which is another number each time"),
        ("def f():\n    import requests", "imports requests, which is not part of Slicer"),
    ],
)
def test_a_breach_is_found(tmp_path, source, complaint):
    path = tmp_path / "bad.py"
    path.write_text(source)
    assert [line.split(": ", 1)[1] for line in violations(path)] == [complaint]


def test_good_code_is_left_alone(tmp_path):
    path = tmp_path / "good.py"
    path.write_text(
        "import json\nimport qt\nimport ctk\nqt.QLabel('x')\n"
        "import numpy as np\nimport vtk.util.numpy_support\nimport slicer\n"
        "from MedSAMSegLib.errors import UserError\nfrom .errors import UserError\nslicer.util.getNode('x')\n"
        "from slicer import vtkMRMLScalarVolumeNode\n"
    )
    assert violations(path) == []

"""Fixtures of the panel's tests: the host with windows, and the panel on a volume, with a fake server."""

import sys
from pathlib import Path

import numpy as np
import pytest
import slicer

from slicerhost.fixtures import cleanScene, host
from slicerhost.guiFixtures import gui, guiHost

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Testing" / "logic"))

from fakeBackend import FakeBackend  # noqa: E402

from MedSAMSegLib.backendProcess import BackendProcess  # noqa: E402


@pytest.fixture
def backend(monkeypatch):
    """The fake server, in the place of the one that all of Slicer shares."""
    fake = FakeBackend()
    monkeypatch.setattr(BackendProcess, "shared", lambda: fake)
    return fake


@pytest.fixture
def volume(gui):
    """A volume of 40 × 50 × 60 voxels of 1 mm, shown in all slice views."""
    node = slicer.util.addVolumeFromArray(np.zeros((40, 50, 60), np.int16), name="CT")
    node.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node


@pytest.fixture
def panel(gui, backend, volume):
    """The module's widget, entered."""
    return gui.openModule(ROOT / "MedSAMSeg" / "MedSAMSeg.py")

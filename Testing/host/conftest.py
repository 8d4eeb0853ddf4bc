"""Fixtures of the host's own tests."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MedSAMSeg")]

from slicerhost.fixtures import cleanScene, host  # noqa: E402
from slicerhost.guiFixtures import gui, guiHost  # noqa: E402

"""Fixtures of the logic tests: the host, a clean scene for each test, and volumes of every geometry."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MedSAMSeg")]

from slicerhost.fixtures import cleanScene, host  # noqa: E402, F401

"""Pins the public interfaces as they are now: `.venv/bin/python Testing/api`, after a change that is meant."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing"), str(ROOT / "MedSAMSeg")]

from interfaces import FOLDER, INTERFACES  # noqa: E402

from slicerhost import Host  # noqa: E402

Host.shared()
for file, describe in INTERFACES.items():
    (FOLDER / file).write_text("\n".join(describe()) + "\n", encoding="utf-8")

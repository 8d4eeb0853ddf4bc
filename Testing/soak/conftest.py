"""Fixtures of the soak in small."""

import sys
from pathlib import Path

from dataFolder import home

sys.path.append(str(Path(__file__).resolve().parents[1] / "server"))

"""Fixtures of the soak in small."""

import sys
from pathlib import Path

from dataFolder import home

sys.path += [str(Path(__file__).resolve().parents[1] / area) for area in ("server", "cli")]

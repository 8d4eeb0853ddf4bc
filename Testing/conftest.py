"""For all tests: weights come from where `make weights` puts them, also when pytest is called without make."""

import os
from pathlib import Path

os.environ.setdefault("MEDSAMSEG_HOME", str(Path(__file__).resolve().parents[1] / ".medsamseg"))

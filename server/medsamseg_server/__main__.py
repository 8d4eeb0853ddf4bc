"""Lets ``python -m medsamseg_server`` stand for the command ``medsamseg``."""

import sys

from medsamseg_server.cli import main

sys.exit(main())

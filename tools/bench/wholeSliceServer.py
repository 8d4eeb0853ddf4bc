"""The server as it would be without close-ups: each box is asked once, on the whole slice.

Usage: as ``medsamseg``.
"""

import sys
from dataclasses import replace

from medsamseg_server.cli import main
from medsamseg_server.models.specification import SPECIFICATIONS

if __name__ == "__main__":
    for name, specification in SPECIFICATIONS.items():
        SPECIFICATIONS[name] = replace(specification, close_up_size=None)
    sys.exit(main())

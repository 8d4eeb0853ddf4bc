"""`make check-extension`: is the repository what Slicer's Extensions Index asks for? Needs no Slicer and no network."""

import sys
from pathlib import Path

import staging
from complaints import Repository
from sourceChecks import SOURCE_CHECKS

CHECKS = [*SOURCE_CHECKS, staging.checkInstalledServer]


def main():
    """Print each check and what it complains of; return the exit status."""
    repository = Repository(Path(__file__).resolve().parents[2])
    hasFailed = False
    for check in CHECKS:
        complaints = list(check(repository))
        hasFailed |= bool(complaints)
        print("FAILED" if complaints else "ok    ", check.__doc__.partition("\n")[0])
        for complaint in complaints:
            print("       ", complaint)
    return int(hasFailed)


if __name__ == "__main__":
    sys.exit(main())

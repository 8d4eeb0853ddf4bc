#!/usr/bin/env bash
# pytest-xdist 3.8.0 with pytest 9.2.0: --dist loadgroup does not keep the tests of a group in one process.
#
# Its help says of loadgroup: "sends tests marked with 'xdist_group' to the same worker".
# It marks a group by writing to the private attribute `_nodeid` of a test, which pytest 9.2 no longer reads: tests go
# to the workers one by one, without a word. The hook pytest_xdist_make_scheduler with a scheduler of one's own works.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pytest==9.2.0 pytest-xdist==3.8.0
cd "$folder"

cat >test_group.py <<'EOF'
import os
import time

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(8))
def test_in_group(number):
    time.sleep(0.2)
    with open("workers.txt", "a") as file:
        file.write(os.environ["PYTEST_XDIST_WORKER"] + "\n")
EOF

"$folder/venv/bin/python" -m pytest -q -n 2 --dist loadgroup test_group.py
workers=$(sort -u workers.txt | wc -l)
echo "workers that ran tests of the one group: $workers (1 is documented, 2 seen)"
[ "$workers" = 2 ]

"""Several processes for many cases: each gets its own, and what ends one does not end the others."""

import multiprocessing
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from batch_fakes import doubled

from medsamseg_server.cli.batch_jobs import in_processes


def test_every_item_has_its_result():
    assert sorted(in_processes(doubled, [1, 2, 3, 4, 5], 2)) == [(1, 2), (2, 4), (3, 6), (4, 8), (5, 10)]


def test_an_item_that_ends_its_process_is_told_and_the_others_go_on():
    assert sorted(in_processes(doubled, [1, 0, 0, 2], 2), key=str) == [(0, None), (0, None), (1, 2), (2, 4)]
    assert multiprocessing.active_children() == []


def test_closing_ends_the_processes():
    with closing(in_processes(doubled, [1, 2, 3, 4], 2)) as results:
        next(results)
        assert multiprocessing.active_children()
    assert multiprocessing.active_children() == []


def test_processes_that_are_ended_leave_nothing_to_complain_of():
    program = (
        "from batch_fakes import barred; from medsamseg_server.cli.batch_jobs import in_processes; "
        "print(sorted(in_processes(barred, [1, 2], 2)))"
    )
    here = Path(__file__).parent
    done = subprocess.run([sys.executable, "-c", program], cwd=here, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[(1, 2), (2, 4)]\n", "")

import ctypes
import subprocess
import sys
from types import SimpleNamespace

import pytest

from medsamseg_server.system import allocator
from medsamseg_server.system.allocator import give_back_freed_memory, keep_freed_memory

PAGE_FAULTS = """
import resource, sys
import numpy as np
from medsamseg_server.system.allocator import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
np.ones(8_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    np.ones(8_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(mode):
    run = subprocess.run([sys.executable, "-c", PAGE_FAULTS, mode], capture_output=True, text=True, check=True)
    return int(run.stdout)


def test_freed_memory_is_used_again_without_page_faults():
    # Each array has 64 MB.
    assert page_faults("keep") < page_faults("leave") / 10


def test_freed_memory_is_given_back(monkeypatch):
    trimmed = []
    monkeypatch.setattr(allocator.platform, "system", lambda: "Linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(malloc_trim=trimmed.append))
    give_back_freed_memory()
    assert trimmed == [0]


@pytest.mark.parametrize("system", ["Windows", "Darwin"])
def test_other_systems_are_left_alone(monkeypatch, system):
    monkeypatch.setattr(allocator.platform, "system", lambda: system)
    monkeypatch.setattr(ctypes, "CDLL", None)
    assert keep_freed_memory() is False
    give_back_freed_memory()


def test_other_c_libraries_are_left_alone(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    assert keep_freed_memory() is False

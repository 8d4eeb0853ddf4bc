"""Fixtures for the server's data folder (weights, caches): a test's own, so that none touches the user's.

An area's conftest.py imports `home`, and `ownHome` where no test is to do without.
"""

import pytest


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty data folder for this test alone, made when something is written to it."""
    folder = tmp_path / "home"
    monkeypatch.setenv("MEDSAMSEG_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def ownHome(home):
    """`home` for every test of the area."""

"""Fixtures of the host's own tests."""

from slicerhost.fixtures import cleanScene, host
from slicerhost.guiFixtures import gui, guiHost

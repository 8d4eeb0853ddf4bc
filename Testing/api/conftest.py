"""Fixtures of these tests: the host with an empty scene."""

from slicerhost.fixtures import cleanScene, host

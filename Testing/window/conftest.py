"""The person at the screen, with the program in front of them."""

import pytest

from window.display import virtualDisplay
from window.user import User


@pytest.fixture
def user(tmp_path):
    """Drives the program on a screen of its own; a complaint of VTK or Qt, or an exception anywhere, fails the test."""
    with virtualDisplay() as display, User(display, tmp_path) as person:
        yield person
        assert person.ask("complaints") == {"complaints": []}

"""What the documentation's tests share."""

import pytest
from pages import errorCodes


@pytest.fixture(scope="session")
def codes():
    """Every error code of the server and the command line, read from the whole source."""
    return errorCodes.readErrorCodes()

"""Who a request is from, known by its token."""

from __future__ import annotations

import hmac
from typing import Protocol

#: The caller where one token lets everybody in.
EVERYBODY = ""


class Callers(Protocol):
    """Those who may use the server."""

    def find(self, token: bytes) -> str | None:
        """Return the ID of who has a token; None when nobody has.

        Raises:
            MedSAMSegError: when nobody can be let in at the moment.
        """

    def most_upload_bytes(self, caller: str) -> int | None:
        """Return how much a caller may upload at the same time; None for what the server takes at all."""


class OneToken:
    """Lets in whoever has the one token.

    Args:
        token: printable ASCII.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def find(self, token: bytes) -> str | None:
        """Return ``EVERYBODY`` for the token, None for every other; compared in constant time."""
        return EVERYBODY if hmac.compare_digest(token, self._token) else None

    def most_upload_bytes(self, caller: str) -> int | None:
        """Return None: there is no quota."""
        return None

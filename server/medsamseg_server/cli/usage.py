"""The error for arguments that do not go together."""

from __future__ import annotations

from medsamseg_server.errors import ErrorKind, MedSAMSegError


def wrong_usage(message: str, hint: str, code: str = "usage") -> MedSAMSegError:
    """Return the error for arguments that do not go together."""
    return MedSAMSegError(ErrorKind.INVALID_INPUT, code, message, hint)

"""The one kind of error that users see: what is wrong, and what to do about it."""

from __future__ import annotations

from enum import Enum

_LONGEST_REPEATED = 80


def shorten(text: object, longest: int = _LONGEST_REPEATED) -> str:
    """Return a text as a message repeats it: in at most so many characters, however much was sent."""
    whole = str(text)
    return whole if len(whole) <= longest else f"{whole[: longest - 1]}…"


class ErrorKind(Enum):
    """A class of errors, with the HTTP status and the command line's exit status that report it."""

    INTERNAL = (500, 1)
    INVALID_INPUT = (422, 2)
    NOT_FOUND = (404, 3)
    UNREADABLE = (422, 4)
    MODEL_MISSING = (409, 5)
    CANNOT_WRITE = (507, 6)
    UNAUTHORIZED = (401, 7)
    DOWNLOAD_FAILED = (502, 8)
    TOO_LARGE = (413, 9)
    CANCELLED = (499, 130)
    NOT_ENCODED = (409, 1)
    QUOTA_REACHED = (429, 1)
    NO_PLACE = (503, 1)

    def __init__(self, http_status: int, exit_status: int) -> None:
        self.http_status = http_status
        self.exit_status = exit_status


class MedSAMSegError(Exception):
    """An error written for the person at the screen.

    Attributes:
        kind: class of the error; decides HTTP and exit status.
        code: short machine-readable name, such as ``box_outside_image``. Stable across releases.
        message: one sentence that names the offending value and what was expected.
        hint: what to do about it; may be empty.
    """

    def __init__(self, kind: ErrorKind, code: str, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.kind = kind
        self.code = code
        self.message = message
        self.hint = hint

    def __reduce__(self) -> tuple[type[MedSAMSegError], tuple[ErrorKind, str, str, str]]:
        """Let the error travel between processes, which exceptions with arguments of their own do not."""
        return MedSAMSegError, (self.kind, self.code, self.message, self.hint)

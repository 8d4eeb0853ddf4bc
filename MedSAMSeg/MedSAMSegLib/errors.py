"""The one error that is written for the person at the screen."""

from __future__ import annotations


class UserError(Exception):
    """Something that the user can understand and change.

    :param message: one sentence that names the offending value and what was expected.
    :param hint: what to do about it; may be empty.
    :param code: short machine-readable name, such as "box_outside_image".
    """

    def __init__(self, message: str, hint: str = "", code: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
        self.code = code

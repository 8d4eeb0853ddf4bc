"""Packages that parts of the program need and the server does not."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from medsamseg_server.errors import ErrorKind, MedSAMSegError


def require_packages(packages: Mapping[str, str], extra: str, what: str, code: str) -> None:
    """Raise an error unless all packages are there.

    Args:
        packages: what people call each, by the name that is imported.
        extra: of this program, which brings them.
        what: needs them; the first word of a sentence.
        code: of the error.
    """
    missing = [title for name, title in packages.items() if find_spec(name) is None]
    if missing:
        message = f"{what} needs packages that are not installed: {', '.join(missing)}."
        hint = f"Install them: pip install 'medsamseg-server[{extra}]'"
        raise MedSAMSegError(ErrorKind.INVALID_INPUT, code, message, hint)

"""Reading JSON that people wrote, with what is wrong in words."""

from __future__ import annotations

import json
from typing import Any


class JsonTextError(Exception):
    """Says where a text is wrong and how, such as "line 3, column 7: Expecting value"."""


def parse_json(text: str) -> Any:
    """Return the value of a text.

    Raises:
        JsonTextError: when the text is no JSON, or more than can be read.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise JsonTextError(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise JsonTextError("its brackets: they are nested too deeply") from error
    except ValueError as error:
        # Python reads whole numbers of at most 4300 digits.
        raise JsonTextError("a number: it has thousands of digits") from error

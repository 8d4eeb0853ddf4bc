"""`slicer.i18n`: texts in the language of the application, looked up as Slicer does (Base/Python/slicer/i18n.py)."""

import logging
import re
import sys

import slicer

from slicerhost.translationContexts import contextOf

_PLACEHOLDER = re.compile(r"(?<!\{)\{([^{}]+)\}(?!\})")


def tr(text):
    """:return: the text in the application's language, in the context of the file that calls this."""
    translated = translate(contextOf(sys._getframe(1).f_code.co_filename), text)
    # Slicer keeps to the source when `format` would fail.
    if set(_PLACEHOLDER.findall(text)) != set(_PLACEHOLDER.findall(translated)):
        logging.warning("The placeholders of '%s' and its translation '%s' differ", text, translated)
        return text
    return translated


def translate(context, text):
    """:return: the text in the application's language."""
    if not isinstance(context, str) or not isinstance(text, str):
        raise TypeError(f"translate takes two texts, not {context!r} and {text!r}")
    return slicer.app.translate(context, text)

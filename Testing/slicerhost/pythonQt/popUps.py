"""Windows that wait for an answer: nobody answers in a test, so opening one is an error that fails it."""

import sys

from PySide6 import QtWidgets

WAITING = {
    QtWidgets.QDialog: ("exec", "exec_", "open"),
    QtWidgets.QMenu: ("exec", "exec_"),
    QtWidgets.QMessageBox: ("about", "critical", "information", "question", "warning"),
    QtWidgets.QFileDialog: ("getExistingDirectory", "getOpenFileName", "getOpenFileNames", "getSaveFileName"),
    QtWidgets.QInputDialog: ("getDouble", "getInt", "getItem", "getMultiLineText", "getText"),
    QtWidgets.QColorDialog: ("getColor",),
    QtWidgets.QFontDialog: ("getFont",),
}


class PopUpRefused(RuntimeError):
    """Code under test opened a window that waits for the user."""


def refusalsFor(qtClass):
    """:return: name -> function that refuses, for those methods of a class that open a window and wait."""
    names = [name for base, waiting in WAITING.items() if issubclass(qtClass, base) for name in waiting]
    return {name: staticmethod(refusal(f"{qtClass.__name__}.{name}")) for name in names}


def refusal(what):
    """:return: a function that refuses to open a window.

    :param what: what opens it, for the message.
    """

    def refuse(*_arguments):
        error = PopUpRefused(f"{what} would wait for an answer; replace it in the test if the pop-up is meant")
        # Reported as well as raised: the code under test may catch it.
        sys.excepthook(type(error), error, None)
        raise error

    return refuse

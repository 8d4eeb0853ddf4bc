"""Asks where to save a table, and writes it there."""

from __future__ import annotations

from collections.abc import Callable

import qt
from slicer.i18n import tr as _

from MedSAMSegLib.errors import UserError


def saveFile(parent: qt.QWidget, title: str, name: str, write: Callable[[str], None]) -> str:
    """Let the user choose a CSV file, and write it.

    :param parent: the widget that the dialog belongs to.
    :param title: of the dialog.
    :param name: of the file, as proposed.
    :param write: called with the path; may raise OSError.
    :return: the path; "" when the user chose none.
    :raises UserError: when it cannot be written.
    """
    path = qt.QFileDialog.getSaveFileName(parent, title, name, "CSV (*.csv)")
    if path:
        try:
            write(path)
        except OSError as error:
            raise UserError(
                _("{path} cannot be written: {reason}.").format(path=path, reason=error.strerror),
                _("Choose another folder, or close the program that has the file open."),
                "file_not_written",
            ) from error
    return path

"""Runs a script as `Slicer --python-script` does, in the host: with the module, the window, and the event loop.

Usage: python runInHost.py FOLDER_OF_MODULES SCRIPT. The exit status is the script's.
"""

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from PySide6 import QtCore, QtWidgets

from slicerhost import scriptedModules
from slicerhost.guiHost import GuiHost


def main(modules, script):
    """Run the script from the event loop, and return its status."""
    gui = GuiHost.shared()
    gui.openMainWindow()
    scriptedModules.load(Path(modules) / "MedSAMSeg.py")
    QtCore.QTimer.singleShot(0, lambda: runpy.run_path(script, run_name="__main__"))
    status = QtWidgets.QApplication.exec()
    for error in gui.messages.errors:
        print(error, file=sys.stderr)
    return status or bool(gui.messages.errors)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

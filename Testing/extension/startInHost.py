"""Starts the module of an installation in the host, in a process that knows no other copy of it.

Usage: python startInHost.py FOLDER_OF_INSTALLED_MODULES. Prints where the module's parts come from, as JSON.
"""

import importlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from slicerhost.guiHost import GuiHost


def main(modules):
    """Open the panel, look at it, and close it as Slicer does when it ends."""
    gui = GuiHost.shared()
    widget = gui.openModule(modules / "MedSAMSeg.py")
    gui.waitUntil(lambda: bool(widget.ui.statusLabel.text))
    found = {
        "module": sys.modules["MedSAMSeg"].__file__,
        "library": importlib.import_module("MedSAMSegLib").__file__,
        "status": widget.ui.statusLabel.text,
        "install": widget.ui.installLabel.text,
        "messages": gui.messages.errors,
    }
    # As the machine that builds extensions does, which has neither server nor weights.
    sys.modules["MedSAMSeg"].MedSAMSegTest().runTest()
    gui.closeModules()
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

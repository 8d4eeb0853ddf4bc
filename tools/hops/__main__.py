"""How many functions and files of the module one box goes through, from the pointer's release to voxels and sentence.

A box is drawn into the panel in the host, on a server that answers without a network. Prints counts for what the
scripting API does (asking and writing), and for all that the module does, panel included; with ``--list`` the hops one
by one.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import slicer

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Testing"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fakeServer import FakeServer
from hops.counter import CallCounter

from MedSAMSegLib.server.serverProcess import ServerProcess
from slicerhost.guiHost import GuiHost

MODULE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "MedSAMSeg.py"

#: Where a box enters the scripting API, and where its answer is written.
ASKED_AND_WRITTEN = ("MedSAMSegLogic.startBox", "BoxRun.advance")

#: What a box is to need once, and what makes it.
MADE = {
    "SliceGeometry": "SliceGeometry.__init__",
    "SegmentationGrid": "SegmentationGrid.__init__",
    "SliceEditPlanner": "SliceEditPlanner.__init__",
    "SegmentTarget": "SegmentTarget.of",
}


def main():
    """Count and report."""
    parser = argparse.ArgumentParser(prog="tools/hops", description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="say which file calls which, and how often")
    isListed = parser.parse_args().list
    gui, panel = openPanel()
    for title, within in (("asked and written", ASKED_AND_WRITTEN), ("with the panel", ())):
        counter = CallCounter(within)
        drawBox(gui, panel, counter)
        report(title, counter, isListed)
    gui.closeModules()


def openPanel():
    """:return: (GuiHost, the panel's widget) on a volume of 40 × 50 × 60 voxels of 1 mm."""
    server = FakeServer()
    ServerProcess.shared = lambda: server
    gui = GuiHost.shared()
    volume = slicer.util.addVolumeFromArray(np.zeros((40, 50, 60), np.int16), name="CT")
    volume.CreateDefaultDisplayNodes()
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    panel = gui.openModule(MODULE)
    panel.ui.drawButton.checked = True
    return gui, panel


def drawBox(gui, panel, counter):
    """Draw one box into a new segment, with the counter on from the release of the button."""
    panel.ui.addSegmentButton.click()
    gui.processEvents()
    red = gui.view("Red")
    x, y = red.center
    red.moveTo(x - 40, y - 30)
    red.press()
    red.moveTo(x + 40, y + 30)
    with counter:
        red.release()
        gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))


def report(title, counter, isListed):
    """Print what was counted."""
    print(f"{title}: {counter.callCount} calls in {counter.fileCount} files, {counter.hopCount} hops")
    print("  made: " + ", ".join(f"{name} {counter.count(maker)}" for name, maker in MADE.items()))
    if isListed:
        for (caller, called), number in counter.hops.most_common():
            print(f"  {number:4} {caller} -> {called}")


if __name__ == "__main__":
    main()

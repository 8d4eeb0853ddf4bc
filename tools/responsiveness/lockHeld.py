"""What it costs that Slicer's event loop holds Python's lock: start and upload, with such a loop and with one that does
not hold it, in turns."""

import contextlib
import time

import slicer

from MedSAMSegLib.server.serverProcess import ServerProcess
from slicerhost import eventLoop

ROUNDS = 3
PATIENCE_SECONDS = 120


def compare(gui, module, volume):
    """Start a server and send it a volume, several times with each loop.

    :param gui: GuiHost.
    :param module: path of the module's file.
    :param volume: the scalar volume node.
    :return: {what: {"held": seconds of each round, "free": seconds of each round}}.
    """
    times = {what: {"free": [], "held": []} for what in ("start of the server", "upload")}
    for _round in range(ROUNDS):
        for loop, context in (("free", eventLoop.lettingGoOfTheLock), ("held", contextlib.nullcontext)):
            with context():
                for what, seconds in _measure(gui, module, volume).items():
                    times[what][loop].append(round(seconds, 2))
    return times


def _measure(gui, module, volume):
    panel = gui.openModule(module)
    session = panel.panel._session
    panel.ui.backgroundEncodingCheckBox.checked = False
    panel.ui.volumeSelector.setCurrentNode(None)
    gui.processEvents()
    begin = time.perf_counter()
    session.monitor.start()
    session.breathing.start()
    gui.waitUntil(lambda: "Ready" in panel.ui.serverStatusLabel.text, PATIENCE_SECONDS)
    ready = time.perf_counter()
    slicer.util.arrayFromVolumeModified(volume)
    panel.ui.volumeSelector.setCurrentNode(volume)
    gui.waitUntil(lambda: session.logic._uploads.uploadOf(volume)._keys, PATIENCE_SECONDS)
    sent = time.perf_counter()
    gui.closeModules()
    ServerProcess.shared().stop()
    return {"start of the server": ready - begin, "upload": sent - ready}

"""The program that the window run drives: the host's main window with the module, on a real screen.

It has what every Slicer has beside the module: File menu entries to load, save and close, with their file dialogs, and
a key for the next frame of a sequence. Questions about what is where on the screen come as JSON lines on standard input
and are answered on standard output; nothing can be done through them but to leave.
"""

import json
import sys
from pathlib import Path

import slicer
from PySide6 import QtCore, QtGui, QtWidgets

from MedSAMSegLib.server.serverProcess import ServerProcess
from slicerhost.guiHost import GuiHost
from window.answers import answer

MODULE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "MedSAMSeg.py"


def main():
    """Open the window and run until standard input closes."""
    gui = GuiHost.shared()
    window = gui.openMainWindow()
    _addFileMenu(window)
    gui.openModule(MODULE)
    window.showMaximized()
    notifier = QtCore.QSocketNotifier(sys.stdin.fileno(), QtCore.QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda *_: _answerNextLine(gui))
    _print({"event": "ready"})
    QtWidgets.QApplication.exec()


def _addFileMenu(window):
    menu = QtWidgets.QMenuBar.addMenu(window.menuBar(), "File")
    for title, keys, action in (
        ("Add Data…", "Ctrl+O", lambda: _withFile(window, QtWidgets.QFileDialog.AcceptMode.AcceptOpen, _load)),
        ("Save Scene…", "Ctrl+S", lambda: _withFile(window, QtWidgets.QFileDialog.AcceptMode.AcceptSave, _save)),
        ("Close Scene", "Ctrl+W", lambda: slicer.mrmlScene.Clear(0)),
        ("Next Frame", "Ctrl+Shift+Right", _showNextFrame),
    ):
        entry = QtGui.QAction(title, window)
        entry.setShortcut(QtGui.QKeySequence(keys))
        entry.triggered.connect(lambda _checked=False, action=action: action())
        QtWidgets.QWidget.addAction(menu, entry)


def _withFile(window, mode, action):
    dialog = QtWidgets.QFileDialog(window)
    dialog.setObjectName("fileDialog")
    dialog.setOption(QtWidgets.QFileDialog.Option.DontUseNativeDialog)
    dialog.setAcceptMode(mode)
    dialog.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(action)
    dialog.show()


def _load(path):
    if path.endswith((".mrb", ".mrml")):
        slicer.util.loadScene(path)
    elif path.endswith(".mrk.json"):
        slicer.util.loadNodeFromFile(path, "MarkupsFile")
    elif path.endswith(".seq.nrrd"):
        sequence = slicer.util.loadNodeFromFile(path, "SequenceFile")
        browser = slicer.modules.sequences.logic().GetFirstBrowserNodeForSequenceNode(sequence)
        slicer.util.setSliceViewerLayers(background=browser.GetProxyNode(sequence), fit=True)
    else:
        slicer.util.setSliceViewerLayers(background=slicer.util.loadVolume(path), fit=True)


def _showNextFrame():
    for browser in slicer.util.getNodesByClass("vtkMRMLSequenceBrowserNode"):
        browser.SelectNextItem(1)


def _save(path):
    slicer.util.saveScene(path)


def _answerNextLine(gui):
    line = sys.stdin.readline()
    if not line:
        ServerProcess.shared().stop()
        QtWidgets.QApplication.quit()
        return
    _print(answer(gui, json.loads(line)))


def _print(message):
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()

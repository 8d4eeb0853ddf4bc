"""What a person does in an hour, in a minute: start, upload, encode, boxes, scrolling, propagation, undo."""

import slicer
import vtk

from MedSAMSegLib.server.serverProcess import ServerProcess
from responsiveness.clicks import ClickWatch
from responsiveness.gaps import GapWatch

PATIENCE_SECONDS = 120
SCROLLS = 30
#: Corners of the box round the tumor of the sample CT, as parts of a slice's columns and rows.
BOX = ((54 / 256, 160 / 256), (101 / 256, 204 / 256))
#: How long a person holds still before letting go of a box: our assumption.
REST_SECONDS = 0.15
#: The slices on which the tumor is, as parts of the volume.
TUMOR = (20 / 49, 30 / 49)


class Session:
    """One panel, one server, some volumes.

    :param gui: GuiHost.
    :param module: path of the module's file.
    """

    def __init__(self, gui, module):
        #: :class:`GapWatch`.
        self.watch = GapWatch()
        self._gui = gui
        self._module = module
        self._panel = None

    def start(self):
        """Open the module and start the server."""
        with self.watch.phase("open the module"):
            self._panel = self._gui.openModule(self._module)
        with self.watch.phase("start the server"):
            self._panel.panel._session.monitor.start()
            self._waitForServer("Ready")

    def close(self):
        """End the server."""
        self.watch.close()
        self._gui.closeModules()
        ServerProcess.shared().stop()

    def work(self, name, volume, clicks):
        """Do everything with one volume.

        :param name: what the volume is called in the report.
        :param volume: the scalar volume node.
        :param clicks: number of boxes of each kind.
        :return: {kind of box: list of Click}.
        """
        phase = lambda what: self.watch.phase(f"{name}: {what}")  # noqa: E731
        ui = self._panel.ui
        ui.volumeSelector.setCurrentNode(None)
        ui.segmentationSelector.setCurrentNode(None)
        slicer.util.setSliceViewerLayers(background=volume, fit=True)
        self._gui.processEvents()
        self._scroll(volume, 3)
        with phase("scroll, without the module"):
            self._scroll(volume, SCROLLS)
        ui.backgroundEncodingCheckBox.checked = False
        with phase("choose and upload"):
            ui.volumeSelector.setCurrentNode(volume)
            self._wait(lambda: self._isUploaded(volume))
        ui.windowComboBox.currentIndex = next(
            index for index in range(ui.windowComboBox.count) if ui.windowComboBox.itemText(index).startswith("Lung")
        )
        ui.drawButton.checked = True
        times = {}
        watch = ClickWatch(self._gui, self._panel, ServerProcess.shared().readyClient)
        slices = self._slices(volume, clicks)
        with phase("boxes, slices not encoded"):
            times["not encoded"] = [self._draw(watch, volume, index) for index in slices]
        with phase("boxes, slices encoded"):
            times["encoded"] = [self._draw(watch, volume, index, shift=3) for index in slices]
        with phase("boxes, slices encoded, held still"):
            times["encoded, held still"] = [
                self._draw(watch, volume, index, shift=2, rest=REST_SECONDS) for index in slices
            ]
        # Beside the others, where nothing is known of the place.
        beside = self._size(volume)[0] // 8
        with phase("boxes elsewhere, held still"):
            times["not encoded, held still"] = [
                self._draw(watch, volume, index, shift=beside, rest=REST_SECONDS) for index in slices
            ]
        ui.backgroundEncodingCheckBox.checked = True
        self._waitForServer("preparing")
        with phase("scroll while slices are encoded"):
            self._scroll(volume, SCROLLS)
        with phase("boxes while slices are encoded"):
            times["encoded, server busy"] = [self._draw(watch, volume, index, shift=6) for index in slices]
        ui.backgroundEncodingCheckBox.checked = False
        ui.limitRangeCheckBox.checked = True
        ui.firstSliceSpinBox.value, ui.lastSliceSpinBox.value = slices[0], slices[-1]
        with phase("propagate"):
            ui.propagateButton.click()
            self._wait(lambda: ui.propagateButton.enabled)
        with phase("undo and redo"):
            for button in (ui.undoButton, ui.redoButton, ui.undoButton):
                button.click()
                self._gui.processEvents()
        ui.drawButton.checked = False
        return times

    def _draw(self, watch, volume, index, shift=0, rest=0):
        view = self._gui.view("Red")
        self._show(volume, index)
        corners = [
            self._rasOf(volume, (x * self._size(volume)[0] + shift, y * self._size(volume)[1], index)) for x, y in BOX
        ]
        return watch.draw(*(view.rasToXY(corner) for corner in corners), rest)

    def _scroll(self, volume, steps):
        first = self._slices(volume, 1)[0]
        for step in range(steps):
            self._show(volume, first + step % (2 * steps))

    def _show(self, volume, index):
        middle = (self._size(volume)[0] / 2, self._size(volume)[1] / 2, index)
        slicer.vtkMRMLSliceNode.JumpSlice(self._gui.view("Red").view.mrmlSliceNode(), *self._rasOf(volume, middle))
        self._gui.processEvents()

    def _slices(self, volume, count):
        size = self._size(volume)[2]
        first, last = (round(part * size) for part in TUMOR)
        return [first + number * (last - first) // max(count, 1) for number in range(count)]

    def _isUploaded(self, volume):
        upload = self._panel.panel._session.logic._uploads.uploadOf(volume)
        return bool(upload._keys)

    def _waitForServer(self, word):
        try:
            self._wait(lambda: word in self._panel.ui.serverStatusLabel.text)
        except TimeoutError:
            raise TimeoutError(f"The server says '{self._panel.ui.serverStatusLabel.text}'") from None

    def _wait(self, condition):
        self._gui.waitUntil(condition, PATIENCE_SECONDS)

    @staticmethod
    def _size(volume):
        return volume.GetImageData().GetDimensions()

    @staticmethod
    def _rasOf(volume, ijk):
        matrix = vtk.vtkMatrix4x4()
        volume.GetIJKToRASMatrix(matrix)
        return matrix.MultiplyPoint([*ijk, 1])[:3]

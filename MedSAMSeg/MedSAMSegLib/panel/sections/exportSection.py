"""Export to DICOM: which files, into which folder, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import qt
from slicer.i18n import tr as _

from MedSAMSegLib.exporting.dicomExport import LABEL_MAP, REPORT, SEGMENTATION, STRUCTURE_SET
from MedSAMSegLib.exporting.dicomSource import isFromDicom
from MedSAMSegLib.panel.frame.errorMessages import messageOn, notesOn
from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.choiceBox import ChoiceBox
from MedSAMSegLib.runs.watchedRun import WatchedRun

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession
    from MedSAMSegLib.runs.backgroundRun import BackgroundRun


class ExportSection(PanelSection):
    """Writes the segments as DICOM in the background.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._run: BackgroundRun | None = None
        self._boxes = {
            SEGMENTATION: ui.exportSegmentationCheckBox,
            LABEL_MAP: ui.exportLabelMapCheckBox,
            STRUCTURE_SET: ui.exportStructuresCheckBox,
            REPORT: ui.exportReportCheckBox,
        }
        self._sources: list[Any] = []
        #: ID of the volume that the user has chosen, of those of one series; "" for none.
        self._chosenID = ""
        self._sourceBox = ChoiceBox(session.connections, ui.exportSourceComboBox, self._onSourceChosen)
        self.connect(ui.exportButton, "contentsCollapsed(bool)", self._onToggled)
        self.connect(ui.exportSegmentationCheckBox, "toggled(bool)", self._onToggled)
        self.connect(ui.exportLabelMapCheckBox, "toggled(bool)", self._onToggled)
        self.connect(ui.exportStructuresCheckBox, "toggled(bool)", self._onToggled)
        self.connect(ui.exportReportCheckBox, "toggled(bool)", self._onToggled)
        self.connect(ui.exportDicomButton, "clicked()", self._onExport)
        self.connect(ui.cancelExportButton, "clicked()", self._onCancel)

    def forgetScene(self) -> None:
        """Its run has been dropped."""
        self._run = None
        self._sources, self._chosenID = [], ""

    def update(self) -> None:
        """Show what can be done now, and why not."""
        ui = self.ui
        isBusy = self._run is not None
        ui.exportProgressBar.visible = ui.cancelExportButton.visible = isBusy
        ui.exportDicomButton.visible = not isBusy
        volume, segmentation, _segmentID = self.session.target
        isReady = volume is not None and segmentation is not None
        hasImages = isReady and isFromDicom(volume)
        ui.exportDicomButton.enabled = hasImages and any(box.checked for box in self._boxes.values())
        ui.exportHintLabel.visible = isReady and not hasImages
        self._showSources(segmentation, volume if hasImages else None)

    def _showSources(self, segmentation, volume):
        """Offer the volumes whose images can be meant, where there are several; asking for them takes a moment."""
        self._sources = []
        if volume is not None and not self.ui.exportButton.collapsed:
            self._sources = self.session.logic.dicomSources(segmentation, volume)
        self._sourceBox.setChoices([(source.GetID(), source.GetName()) for source in self._sources])
        self._sourceBox.show(self._source.GetID() if self._sources else "")
        isChoice = len(self._sources) > 1
        self.ui.exportSourceLabel.visible = self.ui.exportSourceComboBox.visible = isChoice

    @property
    def _source(self):
        """The volume whose images are referred to: the chosen one, else the one on which the segments were drawn."""
        chosen = [source for source in self._sources if source.GetID() == self._chosenID]
        return next(iter(chosen or self._sources), self.session.target.volume)

    def _onSourceChosen(self, nodeID):
        self._chosenID = nodeID

    def _onToggled(self, _isChecked):
        self.session.changed.emit()

    def _onExport(self):
        folder = qt.QFileDialog.getExistingDirectory(self.ui.exportDicomButton, _("Folder for the DICOM files"), "")
        if not folder:
            return
        segmentation = self.session.target.segmentation
        kinds = [kind for kind, box in self._boxes.items() if box.checked]
        with self.session.showingErrors():
            self._run = self.session.logic.startDicomExport(segmentation, self._source, folder, kinds, self._onProgress)
            self.ui.exportProgressBar.setRange(0, 0)
            self.session.showMessage(_("Writing DICOM files …"))
            self.session.work.add(WatchedRun(self._run), self._onEnd, self._onFailed)

    def _onProgress(self, progress):
        self.ui.exportProgressBar.setRange(0, progress.total)
        self.ui.exportProgressBar.setValue(progress.done)

    def _onEnd(self, watched):
        self._run = None
        written = watched.run.result
        if written is None:
            self.session.showMessage(_("Stopped. No DICOM file was written."))
            return
        names = ", ".join(path.name for path in written.paths)
        sentence = _("Written into {folder}, for the images of '{volume}' ({count}): {names}.").format(
            folder=written.paths[0].parent, names=names, volume=written.source.name, count=written.source.count
        )
        self.session.showMessage(" ".join([sentence, *notesOn(written)]))

    def _onFailed(self, error):
        self._run = None
        self.session.showMessage(messageOn(error))

    def _onCancel(self):
        if self._run is not None:
            self._run.close()
            self.session.showMessage(_("Stopping …"))

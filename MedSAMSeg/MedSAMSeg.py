"""The MedSAMSeg module: what Slicer finds, the sample data, and the test that runs inside a real Slicer."""

import logging
import sys
from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logic import MedSAMSegLogic
from MedSAMSegLib.panel.panel import Panel
from MedSAMSegLib.sampleData import registerSampleData
from MedSAMSegLib.server.serverProcess import ServerProcess

SAMPLE_FOLDER = Path(__file__).parent / "Resources" / "SampleData"


class MedSAMSeg(ScriptedLoadableModule):
    """Module description."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        # Slicer itself looks only where its language packs are installed.
        slicer.app.loadTranslations(self.resourcePath("Translations"))
        parent.title = _("MedSAMSeg")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        parent.dependencies = ["Segmentations", "Markups", "Sequences"]
        parent.contributors = ["MedSAMSeg contributors"]
        parent.helpText = _(
            "Segments the object in a box drawn on one slice, and follows it through the volume."
            " The networks run in a server on this computer; no data leaves it."
            " For research, not a medical device."
        )
        parent.acknowledgementText = _(
            "Uses MedSAM (Ma et al., Nature Communications 15, 654, 2024, doi:10.1038/s41467-024-44824-z)"
            " and Segment Anything."
        )
        slicer.app.connect("startupCompleted()", registerSampleData)


class MedSAMSegWidget(ScriptedLoadableModuleWidget):
    """The panel in Slicer; everything real is in :class:`Panel`."""

    def setup(self) -> None:
        """Load the widgets and connect them."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/MedSAMSeg.ui"))
        self.layout.addWidget(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        parameterNodes = ScriptedLoadableModuleLogic()
        parameterNodes.moduleName = self.moduleName
        self.panel = Panel(self.ui, MedSAMSegLogic(), parameterNodes.getParameterNode)

    def enter(self) -> None:
        """The module is shown."""
        self.panel.enter()

    def exit(self) -> None:
        """Another module is shown."""
        if self.panel is not None:
            self.panel.exit()

    def cleanup(self) -> None:
        """The panel goes, though Slicer keeps this object: its developer buttons stay connected to it."""
        if self.panel is not None:
            self.panel.cleanup()
            self.panel = None

    def onReload(self) -> None:
        """Load the files of the Lib anew too, which Slicer alone would not; the server is started anew when needed."""
        ServerProcess.shared().stop()
        for name in [name for name in sys.modules if name.partition(".")[0] == "MedSAMSegLib"]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)


class MedSAMSegTest(ScriptedLoadableModuleTest):
    """Runs the whole line on the sample CT where server and weights are installed, as far as possible without them."""

    def setUp(self) -> None:
        """Start from an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self) -> None:
        """Run every test of this class."""
        self.setUp()
        self.test_segmentCanBeMade()
        self.setUp()
        try:
            self.test_boxBecomesTumor()
        except UserError as error:
            # A computer that builds or packages extensions has neither.
            if error.code not in ("server_missing", "model_missing"):
                raise
            logging.warning("MedSAMSeg's test went without the server: %s", error)

    def test_segmentCanBeMade(self) -> None:
        """The sample can be loaded and given a segment; a box outside it is refused in words."""
        logic = MedSAMSegLogic()
        volume = slicer.util.loadVolume(str(SAMPLE_FOLDER / "RiderChestCT.nrrd"))
        segmentation = logic.createSegmentation(volume)
        segment = logic.addSegment(segmentation, "Tumor")
        with self.assertRaises(UserError):
            logic.startBox(volume, segmentation, segment, axis=0, slice=999, box=(54, 160, 101, 204))

    def test_boxBecomesTumor(self) -> None:
        """One box on slice 24 gives a tumor close to the radiologist's outline on that slice; undo takes it back."""
        logic = MedSAMSegLogic()
        volume = slicer.util.loadVolume(str(SAMPLE_FOLDER / "RiderChestCT.nrrd"))
        outline = slicer.util.loadLabelVolume(str(SAMPLE_FOLDER / "RiderChestCTTumour.nrrd"))
        segmentation = logic.createSegmentation(volume)
        segment = logic.addSegment(segmentation, "Tumor")

        logic.segmentBox(volume, segmentation, segment, axis=0, slice=24, box=(54, 160, 101, 204), window="lung")

        found = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, volume)[24] > 0
        expected = slicer.util.arrayFromVolume(outline)[24] > 0
        dice = 2 * (found & expected).sum() / (found.sum() + expected.sum())
        self.assertGreater(dice, 0.85)
        self.assertTrue(logic.undo(segmentation, volume))
        self.assertEqual(slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, volume).sum(), 0)

"""Stand-ins for the qMRML and qSlicer widgets that module panels use, over the real scene.

The headers of Slicer/Slicer (Libs/MRML/Widgets, Modules/Loadable/*/Widgets) say which properties, signals and slots
those have.
"""

from slicerhost.mrmlWidgets.markupsPlaceWidget import qSlicerMarkupsPlaceWidget
from slicerhost.mrmlWidgets.mrmlWidget import qMRMLWidget, qSlicerWidget
from slicerhost.mrmlWidgets.nodeComboBox import qMRMLNodeComboBox
from slicerhost.mrmlWidgets.segmentsTableView import qMRMLSegmentsTableView

__all__ = [
    "qMRMLNodeComboBox",
    "qMRMLSegmentsTableView",
    "qMRMLWidget",
    "qSlicerMarkupsPlaceWidget",
    "qSlicerWidget",
]

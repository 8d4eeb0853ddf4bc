"""Answers of the driven program: where things are on the screen, and what the scene holds. They change nothing."""

import numpy as np
import slicer
from PySide6 import QtCore, QtWidgets


def answer(gui, question):
    """Answer one question.

    :param gui: GuiHost.
    :param question: {"about": "widget", "name": …}, {"about": "view", "name": …, "ras": …}, {"about": "scene"} or
        {"about": "complaints"}.
    :return: dictionary that JSON can carry.
    """
    return _ANSWERS[question.pop("about")](gui, **question)


def _widget(_gui, name):
    """Place on the screen (left, top, width, height), text and state of a widget; found False if it is not shown.

    A widget that is shown but scrolled out of sight has seen False.
    """
    for window in QtWidgets.QApplication.topLevelWidgets():
        for widget in [window, *window.findChildren(QtWidgets.QWidget)]:
            if QtCore.QObject.objectName(widget) == name and QtWidgets.QWidget.isVisible(widget):
                return _describe(widget)
    return {"found": False}


def _describe(widget):
    corner = QtWidgets.QWidget.mapToGlobal(widget, QtCore.QPoint(0, 0))
    size = QtWidgets.QWidget.size(widget)
    seen = QtWidgets.QWidget.visibleRegion(widget).contains(QtWidgets.QWidget.rect(widget).center())
    text = widget.property("text")
    return {
        "found": True,
        "place": [corner.x(), corner.y(), size.width(), size.height()],
        "text": text if isinstance(text, str) else "",
        "seen": seen,
        "enabled": QtWidgets.QWidget.isEnabled(widget),
        "active": QtWidgets.QWidget.isActiveWindow(widget),
    }


def _view(gui, name, ras):
    """Place on the screen of a point in RAS on a slice view, or of the middle of the 3D view ("1")."""
    driver = gui.view(name)
    x, y = driver.center if name == "1" else driver.rasToXY(ras)
    widget = driver.view.VTKWidget()
    ratio = widget.devicePixelRatioF()
    local = QtCore.QPoint(round(x / ratio), round((driver.size[1] - 1 - y) / ratio))
    place = QtWidgets.QWidget.mapToGlobal(widget, local)
    return {"place": [place.x(), place.y()]}


def _scene(_gui):
    """Names of the volumes, number of boxes, and each segment's slices along array axis 0 with their voxel counts."""
    volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    segments = {}
    for segmentation in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        for segmentID in segmentation.GetSegmentation().GetSegmentIDs():
            name = segmentation.GetSegmentation().GetSegment(segmentID).GetName()
            segments[name] = _voxelCounts(segmentation, segmentID, volumes[0])
    boxes = slicer.util.getNodesByClass("vtkMRMLMarkupsROINode")
    return {"volumes": [node.GetName() for node in volumes], "segments": segments, "boxes": len(boxes)}


def _voxelCounts(segmentation, segmentID, volume):
    voxels = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segmentID, volume)
    counts = np.count_nonzero(voxels, axis=(1, 2)) if voxels is not None else []
    return {str(index): int(count) for index, count in enumerate(counts) if count}


def _complaints(gui):
    return {"complaints": gui.messages.errors + gui.messages.warnings}


_ANSWERS = {"widget": _widget, "view": _view, "scene": _scene, "complaints": _complaints}

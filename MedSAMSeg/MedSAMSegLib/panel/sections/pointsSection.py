"""Points that refine the box of a slice; experimental."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from MedSAMSegLib.panel.frame.activeTool import BACKGROUND_POINT, OBJECT_POINT
from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.boxMessages import messageOnBox
from MedSAMSegLib.panel.parts.toolButton import ToolButton
from MedSAMSegLib.views.pointPlacing import PointPlacing
from MedSAMSegLib.views.sliceViews import ShownSlice, slicesInViews
from MedSAMSegLib.volumes.sliceAxes import fromIJK
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class PointsSection(PanelSection):
    """The two point tools, and the button that removes the points of the shown slices.

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._tools = [
            ToolButton(
                session,
                ui.positivePointButton,
                OBJECT_POINT,
                PointPlacing(functools.partial(self._onPoint, True)),
                _("Click into a part of the object that the mask misses, on the slice of a box."),
            ),
            ToolButton(
                session,
                ui.negativePointButton,
                BACKGROUND_POINT,
                PointPlacing(functools.partial(self._onPoint, False)),
                _("Click into a part of the mask that is not of the object, on the slice of a box."),
            ),
        ]
        self.connect(ui.clearPointsButton, "clicked()", self._onClear)

    def update(self) -> None:
        """Points need a box of the chosen segment."""
        volume, segmentation, segmentID = self.session.target
        boxes = self.session.logic.boxNodes(segmentation, volume, segmentID) if segmentID else []
        for tool in self._tools:
            tool.enable(bool(boxes))
        logic = self.session.logic
        self.ui.clearPointsButton.enabled = any(logic.hasPoints(node) or logic.excludes(node) for node in boxes)

    def _onPoint(self, isInObject, place, sliceNode):
        session = self.session
        with session.showingErrors(isAsking=True):
            box = self._boxAt(place, sliceNode)
            if box is None:
                session.showMessage(
                    _("There is no box of this segment on this slice: draw one first, points refine it.")
                )
                return
            self._start(session.logic.startPoint(box.node, place, isInObject, session.window, session.model))

    def _onClear(self):
        session = self.session
        logic, asked = session.logic, (session.window, session.model)
        shown = [box for box in self._boxes() if self._isShown(box)]
        pointed = [box for box in shown if logic.hasPoints(box.node)]
        excluding = [box for box in shown if logic.excludes(box.node)]
        if not pointed and not excluding:
            session.showMessage(
                _("The slices that are shown have no points of this segment, and nothing that is not of it.")
            )
        with session.showingErrors():
            for box in pointed:
                self._start(logic.startClearingPoints(box.node, *asked))
            for box in excluding:
                self._start(logic.startExcludingNothing(box.node, *asked))

    def _start(self, run):
        self.session.work.add(run, lambda result: self.session.showMessage(messageOnBox(result)), told="ends")

    def _boxes(self):
        volume, segmentation, segmentID = self.session.target
        return self.session.logic.boxes(segmentation, volume, segmentID) if segmentID else []

    def _boxAt(self, place, sliceNode):
        """:return: the BoxEntry that a point refines: of those on its slice the newest around it, or the newest."""
        onSlice = [box for box in self._boxes() if _isOnSlice(box, place, sliceNode)]
        around = [box for box in onSlice if _contains(box, place)]
        return next(iter(around[-1:] + onSlice[-1:]), None)

    def _isShown(self, box):
        shown = slicesInViews(SliceGeometry(box.volume)).values()
        return ShownSlice(box.prompt.axis, box.prompt.sliceIndex) in shown


def _isOnSlice(box, place, sliceNode):
    """:return: whether a place in a view is on the slice, or the plane, of a BoxEntry."""
    geometry, axis = SliceGeometry(box.volume), box.prompt.axis
    return geometry.showsSlices(sliceNode, axis) and geometry.sliceIndex(axis, place) == box.prompt.sliceIndex


def _contains(box, place):
    _depth, x, y = fromIJK(box.prompt.axis, SliceGeometry(box.volume).continuousIJK(place))
    x0, y0, x1, y1 = box.prompt.box
    return x0 <= x <= x1 and y0 <= y <= y1

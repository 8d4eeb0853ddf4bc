"""What lies in a box and is not the object: a box drawn round it, inside of the object's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slicer.i18n import tr as _

from MedSAMSegLib.boxes.pointStore import BESIDE_OBJECT, COLORS
from MedSAMSegLib.panel.frame.activeTool import NOT_THIS
from MedSAMSegLib.panel.frame.panelSection import PanelSection
from MedSAMSegLib.panel.parts.boxMessages import messageOnBox
from MedSAMSegLib.panel.parts.toolButton import ToolButton
from MedSAMSegLib.views.boxDrawing import BoxDrawing
from MedSAMSegLib.volumes.sliceGeometry import SliceGeometry

if TYPE_CHECKING:
    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class ExclusionSection(PanelSection):
    """The tool "Not this".

    :param ui: the panel's widgets by name.
    :param session: the :class:`PanelSession`.
    """

    def __init__(self, ui: Any, session: PanelSession) -> None:
        super().__init__(ui, session)
        self._tool = ToolButton(
            session,
            ui.notThisButton,
            NOT_THIS,
            BoxDrawing(self._onBox, color=COLORS[BESIDE_OBJECT]),
            _("Draw a box round what is not the object, inside of its box: it is taken away."),
        )

    def update(self) -> None:
        """There has to be a box of the chosen segment."""
        volume, segmentation, segmentID = self.session.target
        self._tool.enable(bool(segmentID and self.session.logic.boxNodes(segmentation, volume, segmentID)))

    def _onBox(self, cornerA, cornerB, sliceNode):
        session = self.session
        with session.showingErrors():
            where = {"boxRAS": (cornerA, cornerB), "view": sliceNode.GetLayoutName()}
            box = self._boxRound(cornerA, cornerB, sliceNode)
            if box is None:
                session.showMessage(_("There is no box of this segment on this slice: draw the object's box first."))
                return
            run = session.logic.startExclusion(box.node, session.window, session.model, **where)
            session.work.add(run, lambda result: session.showMessage(messageOnBox(result)))

    def _boxRound(self, cornerA, cornerB, sliceNode):
        """:return: the BoxEntry on the slice whose middle is nearest to that of what was drawn; None without one."""
        volume, segmentation, segmentID = self.session.target
        if not segmentID:
            return None
        # A box on a turned plane is in pixels of that: what was drawn is looked at in those of each box.
        onSlice = []
        for entry in self.session.logic.boxes(segmentation, volume, segmentID):
            geometry = SliceGeometry(entry.volume)
            if geometry.showsSlices(sliceNode, entry.prompt.axis):
                drawn = geometry.boxFromView(cornerA, cornerB, sliceNode)
                if drawn.sliceIndex == entry.prompt.sliceIndex:
                    onSlice.append((_distance(entry.prompt.box, drawn.box), entry))
        return min(onSlice, key=lambda found: found[0], default=(0, None))[1]


def _distance(first, second):
    (x0, y0, x1, y1), (left, top, right, bottom) = first, second
    return abs(x0 + x1 - left - right) + abs(y0 + y1 - top - bottom)

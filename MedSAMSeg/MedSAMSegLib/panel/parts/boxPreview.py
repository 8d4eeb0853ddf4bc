"""While a box is being drawn, the outline of what it would find follows it, where the slice is encoded already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.runs.watchedRun import WatchedRun
from MedSAMSegLib.views.maskOutline import MaskOutline
from MedSAMSegLib.views.sliceViewWatch import SliceViewWatch

if TYPE_CHECKING:
    import slicer

    from MedSAMSegLib.panel.frame.panelSession import PanelSession


class DragPreview:
    """Asks for one preview at a time, always of the newest box, and shows it in the view of the drag.

    :param session: the :class:`PanelSession`.
    """

    def __init__(self, session: PanelSession) -> None:
        self._session = session
        self._newest: Any = None
        self._run: WatchedRun | None = None
        self._outline: MaskOutline | None = None

    def follow(self, cornerA: Sequence[float], cornerB: Sequence[float], sliceNode: slicer.vtkMRMLSliceNode) -> None:
        """Show what a box would find, as soon as it is known.

        :param cornerA: (R, A, S) of one corner.
        :param cornerB: (R, A, S) of the opposite corner.
        :param sliceNode: the slice node of the view that it is drawn in.
        """
        self._newest = (cornerA, cornerB), sliceNode
        if self._run is None:
            self._ask()

    def stop(self) -> None:
        """Show nothing any more: the box is drawn, or dropped."""
        self._newest = None
        if self._run is not None:
            self._session.work.drop(self._run)
            self._run = None
        self._hide()

    def _ask(self):
        (corners, sliceNode), self._newest = self._newest, None
        session = self._session
        volume = session.target[0]
        try:
            run = session.logic.startPreview(
                volume,
                corners,
                sliceNode.GetLayoutName(),
                window=session.window,
                model=session.model,
                nearestSlice=session.parameters.nearestSlice,
            )
        except UserError:
            # What is wrong with the box is said when it is drawn.
            self._hide()
            return
        self._run = WatchedRun(run)
        session.work.add(
            self._run,
            onResult=lambda watched: self._show(watched.run.result, sliceNode),
            onError=lambda _error: self._onError(),
            # Many in a second, and nothing in the scene changes.
            told="never",
        )

    def _onError(self):
        # Nothing more is asked until the pointer moves: what is wrong is said when the box is drawn.
        self._run = None
        self._hide()

    def _show(self, preview, sliceNode):
        self._run = None
        self._hide()
        widget = SliceViewWatch.sliceWidgets().get(sliceNode.GetLayoutName())
        if preview is not None and not preview.mask.isEmpty and widget is not None:
            self._outline = MaskOutline(widget.sliceView())
            self._outline.show(preview.volume, preview.prompt, preview.mask)
        if self._newest is not None:
            self._ask()

    def _hide(self):
        if self._outline is not None:
            self._outline.hide()
            self._outline = None

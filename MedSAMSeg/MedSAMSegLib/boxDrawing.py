"""Press, drag and release: the user draws a box in a slice view, and its outline follows the pointer."""

import slicer
import vtk

#: A drag shorter than this, in pixels of the screen, was a click.
SMALLEST_DRAG = 3

OUTLINE_COLOR = (1.0, 0.82, 0.25)
OUTLINE_WIDTH = 2.0

#: Before the view's own handling of the same events, which has priority 0.
OBSERVER_PRIORITY = 10.0


class BoxDrawing:
    """Lets the user draw boxes in all slice views while it is active. ::

        drawing = BoxDrawing(lambda cornerA, cornerB, sliceNode: ...)
        drawing.start()

    Only the left button and, during a drag, Escape are taken; everything else goes on to the view.

    :param onBox: called with two opposite corners in RAS (mm) and the view's slice node when a box was drawn.
    """

    def __init__(self, onBox):
        self._onBox = onBox
        self._views = []

    @property
    def isActive(self):
        """True between :meth:`start` and :meth:`stop`."""
        return bool(self._views)

    def start(self):
        """Take the left mouse button in every slice view of the layout."""
        self.stop()
        layoutManager = slicer.app.layoutManager()
        widgets = [layoutManager.sliceWidget(name) for name in layoutManager.sliceViewNames()] if layoutManager else []
        self._views = [_ViewDrawing(widget.sliceView(), self._onBox) for widget in widgets]

    def stop(self):
        """Give the mouse back; a box that is being drawn is dropped."""
        for view in self._views:
            view.close()
        self._views = []


class _ViewDrawing:
    """Box drawing in one slice view."""

    def __init__(self, sliceView, onBox):
        self._sliceView = sliceView
        self._onBox = onBox
        self._start = None
        self._outline = _Outline(sliceView)
        self._interactor = sliceView.interactor()
        self._tags = {
            self._interactor.AddObserver(event, handler, OBSERVER_PRIORITY): event
            for event, handler in (
                ("LeftButtonPressEvent", self._onPress),
                ("MouseMoveEvent", self._onMove),
                ("LeftButtonReleaseEvent", self._onRelease),
                ("KeyPressEvent", self._onKey),
            )
        }

    def close(self):
        """Stop observing, and take the outline away."""
        for tag in self._tags:
            self._interactor.RemoveObserver(tag)
        self._finish()

    def _onPress(self, _caller, event):
        self._start = self._interactor.GetEventPosition()
        self._keepFromView(event)

    def _onMove(self, _caller, event):
        if self._start is not None:
            self._outline.show(self._start, self._interactor.GetEventPosition())
            self._keepFromView(event)

    def _onRelease(self, _caller, event):
        if self._start is None:
            return
        start, end = self._start, self._interactor.GetEventPosition()
        self._finish()
        self._keepFromView(event)
        if min(abs(a - b) for a, b in zip(start, end, strict=True)) >= SMALLEST_DRAG:
            # Both at the moment of release: the view may have been scrolled during the drag.
            self._onBox(self._toRAS(start), self._toRAS(end), self._sliceView.mrmlSliceNode())

    def _onKey(self, _caller, event):
        if self._start is not None and self._interactor.GetKeySym() == "Escape":
            self._finish()
            self._keepFromView(event)

    def _finish(self):
        self._start = None
        self._outline.hide()

    def _toRAS(self, position):
        return self._sliceView.mrmlSliceNode().GetXYToRAS().MultiplyPoint((*position, 0, 1))[:3]

    def _keepFromView(self, event):
        for tag, observedEvent in self._tags.items():
            if observedEvent == event:
                self._interactor.GetCommand(tag).SetAbortFlag(1)


class _Outline:
    """A rectangle in display coordinates of a view."""

    def __init__(self, sliceView):
        self._sliceView = sliceView
        self._points = vtk.vtkPoints()
        self._points.SetNumberOfPoints(4)
        lines = vtk.vtkCellArray()
        lines.InsertNextCell(5, (0, 1, 2, 3, 0))
        self._polyData = vtk.vtkPolyData()
        self._polyData.SetPoints(self._points)
        self._polyData.SetLines(lines)
        mapper = vtk.vtkPolyDataMapper2D()
        mapper.SetInputData(self._polyData)
        self._actor = vtk.vtkActor2D()
        self._actor.SetMapper(mapper)
        self._actor.GetProperty().SetColor(OUTLINE_COLOR)
        self._actor.GetProperty().SetLineWidth(OUTLINE_WIDTH)

    def show(self, corner, opposite):
        """Show the rectangle between two opposite corners, in pixels of the view."""
        (x0, y0), (x1, y1) = corner, opposite
        for index, (x, y) in enumerate(((x0, y0), (x1, y0), (x1, y1), (x0, y1))):
            self._points.SetPoint(index, x, y, 0)
        self._points.Modified()
        if not self._renderer.HasViewProp(self._actor):
            self._renderer.AddViewProp(self._actor)
        self._sliceView.scheduleRender()

    def hide(self):
        """Take the rectangle away."""
        if self._renderer.HasViewProp(self._actor):
            self._renderer.RemoveViewProp(self._actor)
            self._sliceView.scheduleRender()

    @property
    def _renderer(self):
        return self._sliceView.renderWindow().GetRenderers().GetFirstRenderer()

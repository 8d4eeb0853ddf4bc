"""Keeps widgets and parameters the same, in both directions."""

import itertools

import slicer.util
import vtk

from slicerhost import slicerVersion
from slicerhost.slicerPython.parameterNodeWrapper.connectors import connectorFor

PARAMETER_NAME = "SlicerParameterName"


def widgetsByParameter(gui):
    """:return: parameter name -> widget."""
    widgets = gui.findChildren() if hasattr(gui, "isWidgetType") else vars(gui).values()
    named = {widget.property(PARAMETER_NAME): widget for widget in widgets}
    return {name: widget for name, widget in named.items() if name}


class GuiConnections:
    """The widgets that show a wrapper's parameters."""

    def __init__(self, wrapper):
        self._wrapper = wrapper
        self._connectors = {}
        self._observerTags = {}
        self._tags = itertools.count()
        self._isUpdatingWidgets = False

    def connect(self, widgets):
        """:return: tag for `disconnect`."""
        connectors = {name: self._connector(name, widget) for name, widget in widgets.items()}
        tag = next(self._tags)
        self._connectors[tag] = connectors
        for name, connector in connectors.items():
            connector.write(self._wrapper.getValue(name))
            connector.onChanged(self._writer(name, connector))
        self._observerTags[tag] = self._wrapper.AddObserver(vtk.vtkCommand.ModifiedEvent, self._onNodeModified)
        return tag

    def disconnect(self, tag):
        """Stop showing parameters in the widgets connected under a tag."""
        for connector in self._connectors.pop(tag, {}).values():
            connector.onChanged(None)
        # Slicer 5.10 leaves its observer on the node.
        if tag in self._observerTags and slicerVersion.isAtLeast("5.12"):
            self._wrapper.RemoveObserver(self._observerTags.pop(tag))

    def _connector(self, name, widget):
        parameter = self._wrapper._parameter(name)
        return connectorFor(widget, parameter.type, parameter.annotations)

    def _writer(self, name, connector):
        def write():
            if not self._isUpdatingWidgets:
                self._wrapper.setValue(name, connector.read())

        return write

    def _onNodeModified(self, _caller, _event):
        if self._isUpdatingWidgets:
            return
        self._isUpdatingWidgets = True
        try:
            with slicer.util.NodeModify(self._wrapper):
                for connectors in self._connectors.values():
                    for name, connector in connectors.items():
                        connector.write(self._wrapper.getValue(name))
        finally:
            self._isUpdatingWidgets = False

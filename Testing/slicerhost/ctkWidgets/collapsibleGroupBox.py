"""A group box that opens and closes."""

from PySide6 import QtCore, QtWidgets

from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn


@standIn
class ctkCollapsibleGroupBox(qt.QGroupBox):
    """Stands in for ctkCollapsibleGroupBox: its check mark opens and closes it."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._hidden = []
        self.checkable = True
        self.checked = True
        self.toggled.connect(self._onToggled)

    def _isCollapsed(self):
        return not self.checked

    def setCollapsed(self, collapsed):
        self.checked = not collapsed

    collapsed = QtCore.Property(bool, _isCollapsed, setCollapsed)

    def _onToggled(self, isOpen):
        if isOpen:
            for widget in self._hidden:
                QtWidgets.QWidget.show(widget)
            self._hidden = []
            return
        self._hidden = [
            child
            for child in self.children()
            if isinstance(child, QtWidgets.QWidget) and not QtWidgets.QWidget.isHidden(child)
        ]
        for widget in self._hidden:
            QtWidgets.QWidget.hide(widget)

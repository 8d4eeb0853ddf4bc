"""A titled section that opens and closes."""

from PySide6 import QtCore, QtGui, QtWidgets

from slicerhost.pythonQt import qt
from slicerhost.pythonQt.classes import standIn


@standIn
class ctkCollapsibleButton(qt.QAbstractButton):
    """Stands in for ctkCollapsibleButton: checked is open, collapsed is closed."""

    contentsCollapsed = QtCore.Signal(bool)

    def __init__(self, *arguments):
        texts = [argument for argument in arguments if isinstance(argument, str)]
        super().__init__(*[argument for argument in arguments if not isinstance(argument, str)])
        self._hidden = []
        self._isHiding = False
        self.text = texts[0] if texts else ""
        self.checkable = True
        self.checked = True
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Minimum, QtWidgets.QSizePolicy.Policy.Preferred)
        self.toggled.connect(self._onToggled)
        self._makeRoomForTitle()

    def _isCollapsed(self):
        return not self.checked

    def setCollapsed(self, collapsed):
        self.checked = not collapsed

    collapsed = QtCore.Property(bool, _isCollapsed, setCollapsed)

    def hitButton(self, position):
        """Only the title is a button."""
        return position.y() < self._titleHeight()

    def changeEvent(self, event):
        """Follow a larger font."""
        QtWidgets.QAbstractButton.changeEvent(self, event)
        if event.type() in (QtCore.QEvent.Type.FontChange, QtCore.QEvent.Type.StyleChange):
            self._makeRoomForTitle()

    def showEvent(self, event):
        """Contents that came while it was closed, as from a .ui file, stay hidden."""
        QtWidgets.QAbstractButton.showEvent(self, event)
        if self.collapsed:
            self._hideContents()

    def sizeHint(self):
        """The title, with the contents below it while they are shown."""
        layout = QtWidgets.QWidget.layout(self)
        if self.collapsed or layout is None:
            return QtCore.QSize(self.fontMetrics().horizontalAdvance(self.text) + 40, self._titleHeight())
        return layout.totalSizeHint()

    def minimumSizeHint(self):
        """As sizeHint, from the layout's minimum."""
        layout = QtWidgets.QWidget.layout(self)
        if self.collapsed or layout is None:
            return ctkCollapsibleButton.sizeHint(self)
        return layout.totalMinimumSize()

    def paintEvent(self, _event):
        """The title as a push button with an arrow."""
        painter = QtWidgets.QStylePainter(self)
        option = QtWidgets.QStyleOptionButton()
        option.initFrom(self)
        option.rect = QtCore.QRect(0, 0, QtWidgets.QWidget.width(self), self._titleHeight())
        option.state |= QtWidgets.QStyle.StateFlag.State_Raised
        painter.drawControl(QtWidgets.QStyle.ControlElement.CE_PushButtonBevel, option)
        self._drawArrow(painter, option)
        self._drawText(painter, option)

    def _drawArrow(self, painter, option):
        arrow = QtWidgets.QStyleOption()
        arrow.initFrom(self)
        size = self._titleHeight() // 2
        arrow.rect = QtCore.QRect(8, option.rect.center().y() - size // 2, size, size)
        pointing = "IndicatorArrowRight" if self.collapsed else "IndicatorArrowDown"
        painter.drawPrimitive(getattr(QtWidgets.QStyle.PrimitiveElement, f"PE_{pointing}"), arrow)

    def _drawText(self, painter, option):
        area = option.rect.adjusted(self._titleHeight() // 2 + 16, 0, -8, 0)
        painter.setPen(option.palette.color(QtGui.QPalette.ColorRole.ButtonText))
        alignment = QtCore.Qt.AlignmentFlag.AlignVCenter | QtCore.Qt.TextFlag.TextShowMnemonic
        painter.drawText(area, int(alignment), self.text)

    def _titleHeight(self):
        return self.fontMetrics().height() + 10

    def _makeRoomForTitle(self):
        self.setContentsMargins(0, self._titleHeight(), 0, 0)

    def eventFilter(self, child, event):
        """Contents that are shown or hidden while it is closed are so when it is opened (ctkCollapsibleButton.cpp)."""
        kind = event.type()
        if not self._isHiding and kind in (QtCore.QEvent.Type.ShowToParent, QtCore.QEvent.Type.HideToParent):
            self._hidden = [widget for widget in self._hidden if widget is not child]
            if kind == QtCore.QEvent.Type.ShowToParent:
                self._hide(child)
        return False

    def _onToggled(self, isOpen):
        if isOpen:
            for child in filter(_isWidget, self.children()):
                child.removeEventFilter(self)
            for widget in self._hidden:
                QtWidgets.QWidget.show(widget)
            self._hidden = []
        else:
            self._hideContents()
        self.updateGeometry()
        self.contentsCollapsed(not isOpen)

    def _hideContents(self):
        for child in filter(_isWidget, self.children()):
            if not QtWidgets.QWidget.isHidden(child):
                self._hide(child)
            # Of children that are open for all to see, every movement of the pointer would be reported.
            child.installEventFilter(self)

    def _hide(self, child):
        self._hidden.append(child)
        self._isHiding = True
        QtWidgets.QWidget.hide(child)
        self._isHiding = False


def _isWidget(child):
    return isinstance(child, QtWidgets.QWidget)

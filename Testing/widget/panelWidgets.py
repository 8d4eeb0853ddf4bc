"""The panel's widgets, and whether what they say can be read."""


def widgetsOf(panel):
    """Name -> widget, for the widgets of the .ui file."""
    found = {name: widget for name, widget in vars(panel.ui).items() if name and not name.startswith("qt_")}
    return {name: widget for name, widget in found.items() if widget.inherits("QWidget")}


def isCutOff(widget):
    """Whether a widget has less room than its text needs; one that was hidden meanwhile needs none."""
    if not widget.isVisible():
        return False
    if widget.inherits("QLabel") and widget.wordWrap:
        return widget.height < widget.heightForWidth(widget.width)
    needed = widget.sizeHint
    return widget.width < needed.width() or widget.height < needed.height()

"""Members of Qt's, CTK's and Slicer's objects that the module uses exist there, and are used as PythonQt shows them."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from slicerhost.qtUses import Use, returnedBy, usesIn, widgetsOf

MODULE_FOLDER = Path(__file__).resolve().parents[2] / "MedSAMSeg"
UI_FILE = MODULE_FOLDER / "Resources" / "UI" / "MedSAMSeg.ui"

#: Every way in which the module holds an object, and what is then found.
HOLDING = '''
import qt
import slicer

BUTTONS = {"runButton": "Run"}

class Section:
    """A section.

    :param table: the QTableWidget.
    """

    def __init__(self, ui, table):
        self._timer = qt.QTimer()
        self._table = table
        ui.runButton.text = "Run"
        for name, title in BUTTONS.items():
            getattr(ui, name).setToolTip(title)
        for spinBox, value in ((ui.countSpinBox, 1),):
            spinBox.value = value
        _setUp(table)

    def later(self):
        self._timer.start(0)
        self.connect(self._timer, "timeout()", self.later)
        shortcut = qt.QShortcut(self._table)
        self._shortcuts.append((shortcut, self.later))
        for shortcut, function in self._shortcuts:
            shortcut.disconnect("activated()", function)
        views = [slicer.app.layoutManager().sliceWidget("Red")]
        return [view.sliceView() for view in views], self._table.horizontalHeader().count()


def _setUp(table):
    table.setRowCount(1)


def unknown(sender):
    sender.connect("pressed()", print)
'''

FOUND = {
    ("QTimer", "start", "call"),
    ("QTimer", "timeout()", "connect"),
    ("QShortcut", "activated()", "connect"),
    ("QPushButton", "text", "set"),
    ("QPushButton", "setToolTip", "call"),
    ("QSpinBox", "value", "set"),
    ("QTableWidget", "setRowCount", "call"),
    ("QTableWidget", "horizontalHeader", "call"),
    ("QHeaderView", "count", "call"),
    ("qSlicerApplication", "layoutManager", "call"),
    ("qSlicerLayoutManager", "sliceWidget", "call"),
    ("qMRMLSliceWidget", "sliceView", "call"),
    ("", "pressed()", "connect"),
}


def usesOfModule():
    sources = {path: path.read_text(encoding="utf-8") for path in sorted(MODULE_FOLDER.rglob("*.py"))}
    widgets, returned = widgetsOf(UI_FILE), {}
    for source in sources.values():
        returned |= returnedBy(source)
    found = [(path.name, use) for path, source in sources.items() for use in usesIn(source, widgets, returned)]
    return found + [("MedSAMSeg.ui", use) for use in usesInUiFile(UI_FILE)]


def usesInUiFile(path):
    """Connections; the properties are checked when the file is loaded."""
    widgets = widgetsOf(path)
    for connection in ElementTree.parse(path).iter("connection"):
        sender, receiver = (widgets[connection.findtext(end)] for end in ("sender", "receiver"))
        yield Use(sender, connection.findtext("signal"), "connect", 0)
        yield Use(receiver, connection.findtext("slot").partition("(")[0], "call", 0)


def test_what_the_module_uses_is_there(gui):
    from slicerhost.qtMembers import problemWith

    uses = usesOfModule()
    assert len(uses) > 250
    assert [f"{fileName}:{use.line}: {problemWith(use)}" for fileName, use in uses if problemWith(use)] == []


def test_uses_are_found():
    widgets = {"runButton": "QPushButton", "countSpinBox": "QSpinBox"}
    assert {(use.className, use.member, use.how) for use in usesIn(HOLDING, widgets, {})} == FOUND


def test_docstrings_say_what_functions_return():
    source = 'def views():\n    """:return: {name: qMRMLSliceWidget} of all."""\n'
    use = "for name, widget in views().items():\n        widget.sliceView()"
    assert usesIn(f"def f():\n    {use}", {}, returnedBy(source)) == [Use("qMRMLSliceWidget", "sliceView", "call", 3)]


@pytest.mark.parametrize(
    ("use", "problem"),
    [
        (Use("QTimer", "singleShot", "set", 1), "is a method"),
        (Use("QTimer", "timeout(int)", "connect", 1), "neither in"),
        (Use("QTimer", "invented", "get", 1), "neither in"),
        (Use("QLabel", "text", "call", 1), "is a property"),
        (Use("QWidget", "rect", "set", 1), "is a constant property"),
        (Use("QPushButton", "clicked", "set", 1), "is a signal"),
        (Use("QCheckBox", "checkStateChanged(Qt::CheckState)", "connect", 1), "neither in"),
        (Use("QColor", "fromString", "call", 1), "neither in"),
        (Use("qMRMLNodeComboBox", "currentNodeID", "get", 1), "neither in"),
        (Use("qMRMLSliceView", "interactor", "set", 1), "is an invokable method"),
        (Use("", "pressed()", "connect", 1), "name it in a docstring"),
    ],
    ids=lambda value: getattr(value, "member", ""),
)
def test_what_is_not_there_is_said(gui, use, problem):
    from slicerhost.qtMembers import problemWith

    assert problem in problemWith(use)

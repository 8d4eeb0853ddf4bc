"""Classes and enum values of `qt` and `ctk` that the module names, in code and in its .ui file, exist in the host."""

import ast
import enum
import functools
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

MODULE_FOLDER = Path(__file__).resolve().parents[2] / "MedSAMSeg"


def namesIn(source):
    """:return: dotted names below `qt` and `ctk` in a source text, such as "qt.QHeaderView.Stretch"."""
    names = {ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    return sorted(name for name in names if name.startswith(("qt.", "ctk.")) and name.replace(".", "").isidentifier())


def usedNames():
    sources = [path.read_text(encoding="utf-8") for path in sorted(MODULE_FOLDER.rglob("*.py"))]
    return sorted({name for source in sources for name in namesIn(source)})


def widgetClasses():
    return sorted(
        {
            widget.get("class")
            for path in MODULE_FOLDER.rglob("*.ui")
            for widget in ElementTree.parse(path).iter("widget")
        }
    )


def resolve(name):
    import ctk
    import qt

    root, *attributes = name.split(".")
    return functools.reduce(_attribute, attributes, {"qt": qt, "ctk": ctk}[root])


def _attribute(value, name):
    # PythonQt's values of enums are numbers, which have neither a name nor a value.
    if isinstance(value, enum.Enum):
        raise AttributeError(f"{value} has no '{name}' in Slicer")
    return getattr(value, name)


def isKnown(name):
    try:
        resolve(name)
    except AttributeError:
        return False
    return True


def test_the_host_has_what_the_module_names(gui):
    names = usedNames()
    assert len(names) > 20
    assert [name for name in names if not isKnown(name)] == []


def test_names_are_found_and_unknown_ones_refused(gui):
    assert namesIn("qt.QTimer()\nctk.ctkPathLineEdit.Dirs\nother.qt.Name") == [
        "ctk.ctkPathLineEdit",
        "ctk.ctkPathLineEdit.Dirs",
        "qt.QTimer",
    ]
    for unknown in ("qt.QInvented", "qt.QTimer.Invented", "ctk.ctkInvented", "qt.Qt.Checked.value"):
        with pytest.raises(AttributeError):
            resolve(unknown)


@pytest.mark.parametrize("className", widgetClasses())
def test_the_host_has_the_widgets_of_the_ui_file(gui, className):
    import qt

    from slicerhost.pythonQt.classes import STAND_INS

    assert className in STAND_INS or hasattr(qt, className)

"""Rules for the module's sources that only show in a real Slicer, checked by reading the code.

- Functions of `slicer.util` are called as `slicer.util.x`: `slicer.x` works in the wheel and fails in Slicer.
- Nothing but the standard library, numpy, vtk, slicer, qt, ctk and the module's own package is imported.
- What is made from `qt` and `ctk` takes no keyword arguments, which PythonQt would refuse.
- Values of Qt's enums are not compared with `is`: PythonQt makes numbers of them, anew each time.
"""

import ast
import sys
from pathlib import Path

from slicerhost.utilNames import utilFunctionNames

#: What Slicer brings along; SampleData is one of its own modules.
ALLOWED_PACKAGES = frozenset(sys.stdlib_module_names) | {
    "numpy",
    "vtk",
    "vtkmodules",
    "slicer",
    "qt",
    "ctk",
    "SampleData",
}


def violations(path, ownPackages=("MedSAMSegLib",)):
    """:return: one line for each place in a source file that breaks a rule."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        found += [f"{Path(path).name}:{node.lineno}: {text}" for text in _violationsOf(node, ownPackages)]
    return found


def _violationsOf(node, ownPackages):
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "slicer":
        return _utilNameAtTopLevel([node.attr])
    if isinstance(node, ast.Call):
        return _keywordsForQt(node)
    if isinstance(node, ast.Compare):
        return _identityOfEnumValues(node)
    if isinstance(node, ast.Import):
        return _foreignPackages([alias.name for alias in node.names], ownPackages)
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        names = [alias.name for alias in node.names]
        topLevel = _utilNameAtTopLevel(names) if node.module == "slicer" else []
        return topLevel + _foreignPackages([node.module], ownPackages)
    return []


def _utilNameAtTopLevel(names):
    return [f"slicer.{name} exists only as slicer.util.{name}" for name in names if name in utilFunctionNames()]


def _keywordsForQt(call):
    root = call.func
    while isinstance(root, ast.Attribute):
        root = root.value
    if not (isinstance(root, ast.Name) and root.id in ("qt", "ctk")):
        return []
    return [f"{ast.unparse(call.func)} takes no keyword argument {keyword.arg}" for keyword in call.keywords]


def _identityOfEnumValues(node):
    sides = [node.left, *node.comparators]
    names = [ast.unparse(side) for side in sides if isinstance(side, ast.Attribute)]
    isByIdentity = any(isinstance(operator, ast.Is | ast.IsNot) for operator in node.ops)
    return [
        f"compares {name} with 'is', which is another number each time"
        for name in names
        if isByIdentity and name.startswith(("qt.", "ctk."))
    ]


def _foreignPackages(moduleNames, ownPackages):
    roots = [name.split(".")[0] for name in moduleNames]
    return [
        f"imports {root}, which is not part of Slicer"
        for root in roots
        if root not in ALLOWED_PACKAGES and root not in ownPackages
    ]

"""What a source text uses of Qt's objects, found by reading it: members of which classes, and how.

Of what class an object is, is known from where it comes from:

- `qt.QTimer()`, and `self._timer` and local names that it is assigned to;
- `ui.drawButton`, by the .ui file;
- docstrings that name a class: ":param table: the QTableWidget", ":return: {name: qMRMLSliceWidget}";
- what methods of such objects return, by the table `RETURNED`.
"""

import ast
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

#: (Class, method) -> class of what it returns. What is not here returns nothing that has members of its own.
RETURNED = {
    ("QTableWidget", "horizontalHeader"): "QHeaderView",
    ("QTableWidget", "verticalHeader"): "QHeaderView",
    ("QTableWidget", "item"): "QTableWidgetItem",
    ("QTableWidget", "fontMetrics"): "QFontMetrics",
    ("QTableWidget", "palette"): "QPalette",
    ("QTableView", "model"): "QAbstractItemModel",
    ("QLabel", "fontMetrics"): "QFontMetrics",
    ("qMRMLSegmentsTableView", "tableWidget"): "QTableView",
    ("qMRMLSegmentsTableView", "model"): "qMRMLSegmentsModel",
    ("qSlicerApplication", "layoutManager"): "qSlicerLayoutManager",
    ("qSlicerLayoutManager", "sliceWidget"): "qMRMLSliceWidget",
    ("qSlicerLayoutManager", "threeDWidget"): "qMRMLThreeDWidget",
    ("qMRMLThreeDWidget", "threeDView"): "qMRMLThreeDView",
    ("qMRMLSliceWidget", "sliceView"): "qMRMLSliceView",
}

_CLASS = r"\b(Q[A-Z]\w+|ctk[A-Z]\w+|q(?:MRML|Slicer)\w+)"
_PARAMETER = re.compile(rf":param (\w+): (?:the |a )?{_CLASS}")
_RETURN = re.compile(rf":return: ([^\n]*?){_CLASS}")
_SIGNATURE = re.compile(r"\w+\([\w*&:<>, ]*\)")

#: What the panel's widgets are attributes of.
_PANELS = ("ui", "self.ui")

#: Marks what holds objects of a class: a list, a dictionary's values.
_MANY = "many "


@dataclass(frozen=True, order=True)
class Use:
    """One use of a member.

    :param className: the class, such as "QTimer"; "" where it could not be found out.
    :param member: name of the member; C++ signature where it is connected.
    :param how: "get", "set", "call" or "connect".
    :param line: where.
    """

    className: str
    member: str
    how: str
    line: int


def widgetsOf(uiPath):
    """:return: {name of a widget: its class} of a .ui file."""
    return {widget.get("name"): widget.get("class") for widget in ElementTree.parse(uiPath).iter("widget")}


def returnedBy(source):
    """:return: {name of a function: classes of what it returns}, for functions whose docstrings say so."""
    found = {}
    for function in _functions(ast.parse(source)):
        for before, className in _RETURN.findall(ast.get_docstring(function) or ""):
            found[function.name] = frozenset([(_MANY if "{" in before else "") + className])
    return found


def usesIn(source, widgets, returned):
    """Return what a source text uses.

    :param source: the text.
    :param widgets: as :func:`widgetsOf`.
    :param returned: as :func:`returnedBy`, of all sources.
    :return: sorted list of :class:`Use`.
    """
    tree = ast.parse(source)
    module = _Module(widgets, returned, _constantStrings(tree), {})
    uses = set()
    for classNode in [node for node in tree.body if isinstance(node, ast.ClassDef)]:
        ofObject, parameters = {}, _parameters(classNode)
        # The first time for what the methods assign to attributes of `self`, the second time with all of them known.
        for _time in range(2):
            uses = {use for use in uses if use.className}
            for method in _functions(classNode):
                uses |= _Reader(module, ofObject, parameters | _parameters(method)).read(method)
    for function in [node for node in tree.body if isinstance(node, ast.FunctionDef)]:
        uses |= _Reader(module, {}, module.given(function) | _parameters(function)).read(function)
    return sorted(uses)


def _functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def _parameters(node):
    return {name: frozenset([cls]) for name, cls in _PARAMETER.findall(ast.get_docstring(node) or "")}


def _constantStrings(tree):
    """:return: {name of a constant of the module: the strings in it}."""
    assigned = [node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)]
    return {node.targets[0].id: _strings(node.value) for node in assigned}


def _strings(tree):
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [value for value in constants if isinstance(value, str)]


@dataclass(frozen=True)
class _Module:
    """What holds for all functions of a source text; `arguments`: {function: [classes of each argument]}."""

    widgets: dict
    returned: dict
    strings: dict
    arguments: dict

    def given(self, function):
        """:return: {parameter: classes} of a function, as far as it was called with what is known."""
        names = [argument.arg for argument in function.args.args]
        return dict(zip(names, self.arguments.get(function.name, []), strict=False))


class _Reader:
    """Reads one function, and learns on the way of what classes the objects are that it has names for."""

    def __init__(self, module, ofObject, names):
        self._module = module
        self._ofObject = ofObject
        self._names = dict(names)

    def read(self, function):
        """:return: set of Use."""
        for node in ast.walk(function):
            self._learn(node)
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
        called = {node.func for node in calls}
        found = set().union(*(self._connection(call) for call in calls))
        for node in ast.walk(function):
            if isinstance(node, ast.Attribute) and node.attr not in ("connect", "disconnect"):
                how = "set" if isinstance(node.ctx, ast.Store) else "call" if node in called else "get"
                found |= {Use(name, node.attr, how, node.lineno) for name in _single(self._classesOf(node.value))}
        return found

    def _learn(self, node):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._name(target, self._classesOf(node.value))
        elif isinstance(node, ast.For | ast.comprehension):
            self._nameEach(node.target, node.iter)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            self._module.arguments[node.func.id] = [self._classesOf(argument) for argument in node.args]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "append":
            # A tuple is taken for a list of its elements.
            classes = self._classesOf(node.args[0])
            self._name(node.func.value, _many(_single(classes)) | _many(_each(classes)))

    def _nameEach(self, target, iterated):
        if not isinstance(target, ast.Tuple):
            self._name(target, _each(self._classesOf(iterated)))
            return
        if isinstance(iterated, ast.Tuple | ast.List):
            rows = [row.elts for row in iterated.elts if isinstance(row, ast.Tuple)]
            columns = zip(*rows, strict=True) if rows else ()
            for element, column in zip(target.elts, columns, strict=bool(rows)):
                self._name(element, frozenset().union(*(self._classesOf(value) for value in column)))
            return
        text = ast.unparse(iterated)
        ofWidgets = self._module.strings.get(text.removesuffix(".items()"), [])
        widgets = frozenset(self._module.widgets[name] for name in ofWidgets if name in self._module.widgets)
        self._name(ast.Name(f"getattr of {ast.unparse(target.elts[0])}"), widgets)
        elements = target.elts[-1:] if text.endswith(".items()") else target.elts
        for element in elements:
            self._name(element, _each(self._classesOf(iterated)))

    def _name(self, target, classes):
        if classes:
            isOfObject = isinstance(target, ast.Attribute)
            (self._ofObject if isOfObject else self._names)[ast.unparse(target)] = classes

    def _connection(self, call):
        name = getattr(call.func, "attr", "")
        strings = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
        signatures = [text for text in strings if isinstance(text, str) and _SIGNATURE.fullmatch(text)]
        if name not in ("connect", "disconnect") or not signatures:
            return set()
        sender = call.func.value if call.args[0] in _constants(call) else call.args[0]
        classes = _single(self._classesOf(sender)) or [""]
        return {Use(className, signatures[0], "connect", call.lineno) for className in classes}

    def _classesOf(self, node):
        """:return: frozenset of class names, empty where nothing is known."""
        text = ast.unparse(node)
        known = self._names.get(text) or self._ofObject.get(text)
        if known:
            return known
        if isinstance(node, ast.Attribute):
            return self._classesOfAttribute(node, text)
        if isinstance(node, ast.Call):
            return self._classesOfCall(node)
        if isinstance(node, ast.Tuple | ast.List):
            return _many(frozenset().union(*(self._classesOf(element) for element in node.elts)))
        if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.DictComp):
            return _many(self._classesOf(node.value if isinstance(node, ast.DictComp) else node.elt))
        if isinstance(node, ast.Subscript):
            return _each(self._classesOf(node.value))
        return frozenset()

    def _classesOfAttribute(self, node, text):
        if text == "slicer.app":
            return frozenset(["qSlicerApplication"])
        if ast.unparse(node.value) in _PANELS and node.attr in self._module.widgets:
            return frozenset([self._module.widgets[node.attr]])
        # PythonQt has properties as attributes: what such a one holds may be an object, too.
        return self._returnedBy(node)

    def _classesOfCall(self, node):
        text = ast.unparse(node.func)
        if text == "getattr" and ast.unparse(node.args[0]) in _PANELS:
            return self._names.get(f"getattr of {ast.unparse(node.args[1])}", frozenset())
        if re.fullmatch(r"qt\.Q\w+|ctk\.ctk\w+|slicer\.q(MRML|Slicer)\w+", text):
            return frozenset([text.split(".")[1]])
        if isinstance(node.func, ast.Attribute):
            of = self._classesOf(node.func.value)
            if node.func.attr in ("items", "values") and of:
                return of
            if node.func.attr == "get" and of:
                return _each(of)
            return self._returnedBy(node.func)
        return self._module.returned.get(text, frozenset())

    def _returnedBy(self, member):
        of = _single(self._classesOf(member.value))
        known = {RETURNED[name, member.attr] for name in of if (name, member.attr) in RETURNED}
        return frozenset(known) or (frozenset() if of else self._module.returned.get(member.attr, frozenset()))


def _constants(call):
    return [argument for argument in call.args if isinstance(argument, ast.Constant)]


def _many(classes):
    return frozenset(_MANY + name for name in _single(classes))


def _each(classes):
    return frozenset(name.removeprefix(_MANY) for name in classes if name.startswith(_MANY))


def _single(classes):
    return [name for name in classes if not name.startswith(_MANY)]

"""The errors that the server and the command line report, read from their source.

An error's code is the argument ``code`` of ``MedSAMSegError``, of the contract's ``Error`` or of ``error_response``.
Where a function hands its own parameters on to it, the calls of that function are looked at as well, and so on. A code
that cannot be followed is an error here, so that none is overlooked.
"""

import ast
import importlib
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = "medsamseg_server"
#: What stands in a message for what is only known when it is said.
ELLIPSIS = "…"


@dataclass
class ErrorCode:
    """A code, and what is said with it.

    :param name: such as ``box_outside_image``.
    """

    name: str
    #: Names of `ErrorKind` and of `http.HTTPStatus` that it is reported with.
    kinds: set[str] = field(default_factory=set)
    statuses: set[str] = field(default_factory=set)
    #: Messages and hints, as far as they are written in one place, with an ellipsis for what is filled in.
    messages: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    #: Rooms of the package that report it.
    rooms: set[str] = field(default_factory=set)


class UnclearCodeError(Exception):
    """A call whose code cannot be read from the source."""


@dataclass
class _Entrance:
    """A class or function that makes an error: where its arguments stand, and what it adds by itself."""

    positions: dict[str, int]
    #: The node of the code that it always takes; None where it is told.
    code: ast.expr | None = None
    #: Of `ErrorKind`, `http.HTTPStatus`: what the function reports whatever it is given.
    kinds: set[str] = field(default_factory=set)
    statuses: set[str] = field(default_factory=set)
    #: What is said where a call does not say it.
    messages: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)


_FIRST = {
    f"{PACKAGE}.errors.MedSAMSegError": _Entrance({"code": 1, "message": 2, "hint": 3}),
    f"{PACKAGE}.serving.request_middleware.error_response": _Entrance({"code": 1, "message": 2, "hint": 3}),
    f"{PACKAGE}.serving.contract.Error": _Entrance({"code": 0, "message": 1, "hint": 2}),
}


#: Classes of the module's errors.
_MODULE_ERRORS = {"UserError", "ServerError", "ServerUnavailableError", "UploadCancelledError", "ServerProcessError"}


def readErrorCodes(folder=None):
    """Return all codes by name, sorted.

    :param folder: the package's folder; by default that of the installed server.
    :raises UnclearCodeError: naming file and line of a code that cannot be followed.
    """
    folder = Path(folder or importlib.import_module(PACKAGE).__file__).resolve()
    folder = folder.parent if folder.is_file() else folder
    sources = [_Source(path, folder) for path in sorted(folder.rglob("*.py"))]
    entrances = dict(_FIRST)
    # A function that hands its parameter on is an entrance itself; what it is handed on by may be found after it.
    while sum(source.findEntrances(entrances) for source in sources):
        pass
    codes = {}
    for source in sources:
        source.collect(entrances, codes)
    return dict(sorted(codes.items()))


def readModuleTexts(folder):
    """Return {code: messages and hints} of the module's errors, as far as they are written where they are raised.

    :param folder: `Path` of the module's library.
    """
    entrance = {"code": 2, "message": 0, "hint": 1}
    found = {}
    for path in sorted(folder.rglob("*.py")):
        source = _Source(path, folder)
        for call, functions in source.calls:
            if not isinstance(call.func, ast.Name) or call.func.id not in _MODULE_ERRORS:
                continue
            given = {name: call.args[place] for name, place in entrance.items() if place < len(call.args)}
            given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg in entrance}
            code = given["code"].value if isinstance(given.get("code"), ast.Constant) else ""
            for name in ("message", "hint"):
                found.setdefault(code, []).extend(source.textsOf(given.get(name), functions))
    return found


#: Nodes of syntax that no call stands in; more than half of all.
_WITHOUT_CALLS = (ast.Name, ast.Constant, ast.alias, ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)


class _Source:
    """One file: its calls, and the functions that they stand in."""

    def __init__(self, path, folder):
        self.path = path
        self.name = ".".join((PACKAGE, *path.relative_to(folder).with_suffix("").parts)).removesuffix(".__init__")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        #: {name in this file: name with its module}
        self._names = {}
        self._constants = _assignments(tree.body)
        #: (call, the functions round it from the inside out)
        self.calls = []
        self._visit(tree, ())

    def findEntrances(self, entrances):
        """Add this file's functions that hand parameters on; return whether there were new ones."""
        isNew = False
        for call, functions in self.calls:
            arguments = self._arguments(call, entrances)
            if not functions or "code" not in arguments:
                continue
            name = f"{self.name}.{functions[0].name}"
            given = [node.id for node in arguments.values() if isinstance(node, ast.Name)]
            if name not in entrances and set(given) & set(_parameters(functions[0])):
                entrances[name] = self._handedOn(call, functions[0], entrances)
                isNew = True
        return isNew

    def collect(self, entrances, codes):
        """Add the codes that this file names to `codes`."""
        for call, functions in self.calls:
            arguments = self._arguments(call, entrances)
            if "code" not in arguments:
                continue
            for name in self._codesOf(arguments["code"], call, functions):
                code = codes.setdefault(name, ErrorCode(name))
                code.rooms.add(self.name.split(".")[1])
                self._describe(code, call, arguments, functions, entrances[self._fullName(call.func)])

    def _describe(self, code, call, arguments, functions, entrance):
        code.kinds |= entrance.kinds | _membersOf("ErrorKind", call)
        code.statuses |= entrance.statuses | _membersOf("HTTPStatus", call)
        messages = self.textsOf(arguments["message"], functions) if "message" in arguments else entrance.messages
        hints = self.textsOf(arguments["hint"], functions) if "hint" in arguments else entrance.hints
        for texts, found in ((code.messages, messages), (code.hints, hints)):
            texts += [text for text in found if text.strip(f" .{ELLIPSIS}") and text not in texts]

    def _visit(self, node, functions):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, _WITHOUT_CALLS):
                continue
            if isinstance(child, ast.ImportFrom) and child.module:
                self._names |= {name.asname or name.name: f"{child.module}.{name.name}" for name in child.names}
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                self._names.setdefault(child.name, f"{self.name}.{child.name}")
                self._visit(child, (child, *functions))
                continue
            if isinstance(child, ast.ClassDef):
                self._names.setdefault(child.name, f"{self.name}.{child.name}")
            if isinstance(child, ast.Call):
                self.calls.append((child, functions))
            self._visit(child, functions)

    def _arguments(self, call, entrances):
        """Return the call's code, message and hint as nodes, as far as it gives them; empty for other calls."""
        entrance = entrances.get(self._fullName(call.func))
        if entrance is None:
            return {}
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        for name, position in entrance.positions.items():
            if position < len(call.args):
                given[name] = call.args[position]
        arguments = {name: given[name] for name in entrance.positions if name in given}
        return arguments | ({"code": entrance.code} if entrance.code is not None else {})

    def _fullName(self, function):
        if isinstance(function, ast.Name):
            return self._names.get(function.id, "")
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            return f"{self._names.get(function.value.id, function.value.id)}.{function.attr}"
        return ""

    def _handedOn(self, call, function, entrances):
        parameters = _parameters(function)
        positions = {
            name: parameters.index(node.id)
            for name, node in self._arguments(call, entrances).items()
            if isinstance(node, ast.Name) and node.id in parameters
        }
        arguments = self._arguments(call, entrances)
        entrance = _Entrance(
            positions,
            None if "code" in positions else arguments["code"],
            messages=self.textsOf(arguments.get("message"), (function,)),
            hints=self.textsOf(arguments.get("hint"), (function,)),
        )
        if "hint" in positions:
            # Defaults belong to the last parameters.
            number = positions["hint"] - len(parameters) + len(function.args.defaults)
            entrance.hints = self.textsOf(function.args.defaults[number], ()) if number >= 0 else []
        inner = entrances[self._fullName(call.func)]
        entrance.kinds = inner.kinds | _membersOf("ErrorKind", call)
        entrance.statuses = inner.statuses | _membersOf("HTTPStatus", call)
        return entrance

    def _codesOf(self, node, call, functions):
        if isinstance(node, ast.Constant):
            return [node.value]
        if isinstance(node, ast.IfExp):
            return [*self._codesOf(node.body, call, functions), *self._codesOf(node.orelse, call, functions)]
        if isinstance(node, ast.Attribute) and node.attr == "code":
            # Another error's, said again.
            return []
        if isinstance(node, ast.Name):
            if functions and node.id in _parameters(functions[0]):
                return []
            values = self._valuesOf(node.id, functions)
            if values:
                return [name for value in values for name in self._codesOf(value, call, functions)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            # One of a table's, with another for the rest.
            table = node.func.value
            if isinstance(table, ast.Dict):
                return [value.value for value in (*table.values, *node.args[1:]) if isinstance(value, ast.Constant)]
        raise UnclearCodeError(f"{self.path}:{call.lineno}: what is the code in {ast.unparse(call)[:120]}?")

    def _valuesOf(self, name, functions):
        """Return what is assigned to a name in the functions round it, or in the file."""
        for function in functions:
            values = _assignments(ast.walk(function)).get(name)
            if values:
                return values
        return self._constants.get(name, [])

    def textsOf(self, node, functions, depth=3):
        """Return the texts that a node can stand for, as far as the source says."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return [node.value]
        if isinstance(node, ast.JoinedStr):
            return ["".join(str(part.value) if isinstance(part, ast.Constant) else ELLIPSIS for part in node.values)]
        if isinstance(node, ast.IfExp):
            return [*self.textsOf(node.body, functions), *self.textsOf(node.orelse, functions)]
        if isinstance(node, ast.Name) and depth:
            # A name such as `message` may be used again and again: the nearest assignment above is the one.
            above = [value for value in self._valuesOf(node.id, functions) if value.lineno <= node.lineno]
            values = sorted(above, key=lambda value: value.lineno)[-1:] or self._constants.get(node.id, [])
            return [text for value in values for text in self.textsOf(value, functions, depth - 1)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.textsOf(node.left, functions), self.textsOf(node.right, functions)
            return [f"{first}{second}" for first in left or [ELLIPSIS] for second in right or [ELLIPSIS]]
        return []


def _membersOf(enumeration, call):
    """Return the members of an enumeration that a call names."""
    return {
        node.attr
        for node in ast.walk(call)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == enumeration
    }


def _parameters(function):
    return [argument.arg for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]


def _assignments(nodes):
    """Return {name: values that are assigned to it}; a pair is assigned part by part."""
    values = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                _assign(values, target, node.value)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            _assign(values, node.target, node.value)
    return values


def _assign(values, target, value):
    if isinstance(target, ast.Name):
        values.setdefault(target.id, []).append(value)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for part, partValue in zip(target.elts, value.elts, strict=True):
            _assign(values, part, partValue)

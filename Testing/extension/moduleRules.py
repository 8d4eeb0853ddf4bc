"""What Slicer, and the reviewers of its extensions, ask of a scripted module."""

import ast
import re
import sys

from complaints import NAME

#: Importable in every Slicer, or stood in for by the host; nothing else may be imported when a module file is loaded.
ALLOWED_IMPORTS = {*sys.stdlib_module_names, "numpy", "vtk", "slicer", "qt", "ctk", f"{NAME}Lib"}

#: Where a text that users see may be set without a translation being looked up.
SHOWN_ATTRIBUTES = {"text", "toolTip", "title", "windowTitle", "placeholderText", "helpText", "acknowledgementText"}
SHOWN_CALLS = {"say", "setText", "setToolTip", "setWindowTitle", "addItem", "showMessage", "showStatusMessage"}


def checkListedFiles(repository):
    """Slicer installs what the module's CMakeLists.txt lists, and nothing else."""
    text = (repository.module / "CMakeLists.txt").read_text(encoding="utf-8")
    listed = [name.replace("${MODULE_NAME}", NAME) for name in re.findall(r"^  (\S+\.\w+)$", text, re.MULTILINE)]
    listed = [name for name in listed if not name.startswith("${")]
    present = {path.relative_to(repository.module).as_posix() for path in repository.moduleFiles()}
    for name in sorted(present - set(listed)):
        yield f"{name} is not listed in {NAME}/CMakeLists.txt, so it would not be installed"
    for name in sorted(set(listed) - present):
        yield f"{name} is listed in {NAME}/CMakeLists.txt and does not exist"
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        yield f"{name} is listed twice in {NAME}/CMakeLists.txt"


def checkImports(repository):
    """Loading the module needs nothing that Slicer does not bring, and runs nothing."""
    for path in repository.moduleFiles("*.py"):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            where = f"{path.name}:{statement.lineno}"
            for name in _importedPackages(statement):
                if name not in ALLOWED_IMPORTS:
                    yield f"{where}: {name} is imported when the file is loaded"
            if isinstance(statement, ast.Try):
                yield f"{where}: a try at file scope hides what is missing"
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                yield f"{where}: something is called when the file is loaded"


def checkModuleFolder(repository):
    """Slicer takes every Python file beside the module's own for another module."""
    for path in sorted(repository.module.glob("*.py")):
        if path.stem != NAME:
            yield f"{path.name} would be loaded as a module of its own; put it into {NAME}Lib"


def checkTranslations(repository):
    """Texts that users see can be translated: literals, looked up as they are, values put in afterwards."""
    for path in repository.moduleFiles("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield from _checkLookup(path, node)
            for text in _shownTexts(node):
                yield f"{path.name}:{text.lineno}: a text that users see is not looked up with _()"


def _importedPackages(statement):
    if isinstance(statement, ast.Import):
        return [alias.name.partition(".")[0] for alias in statement.names]
    if isinstance(statement, ast.ImportFrom) and statement.level == 0:
        return [statement.module.partition(".")[0]]
    return []


def _checkLookup(path, call):
    name = getattr(call.func, "id", None)
    if name not in ("_", "translate"):
        return
    if not all(isinstance(argument, ast.Constant) and isinstance(argument.value, str) for argument in call.args):
        yield f"{path.name}:{call.lineno}: {name}() takes literal texts only; use .format() on what it returns"


def _shownTexts(node):
    """Return the literals with words in them that a statement shows as they are."""
    if isinstance(node, ast.Assign):
        isShown = any(isinstance(target, ast.Attribute) and target.attr in SHOWN_ATTRIBUTES for target in node.targets)
        values = [node.value] if isShown else []
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", None) in SHOWN_CALLS:
        values = node.args
    else:
        values = []
    return [value for value in values if _hasWords(value)]


def _hasWords(value):
    if isinstance(value, ast.JoinedStr):
        return any(_hasWords(part) for part in value.values)
    return isinstance(value, ast.Constant) and isinstance(value.value, str) and re.search(r"[A-Za-z]{2}", value.value)

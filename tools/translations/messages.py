"""The texts of the module that users read, as Slicer and Qt look them up: by context and English text."""

import ast
import xml.etree.ElementTree as ElementTree

from slicerhost.translationContexts import contextOf

#: Names under which `slicer.i18n.tr` is called.
TRANSLATING = ("_", "tr")


def messages(folder):
    """Return the texts of a module's folder.

    :param folder: `Path` with the module's .py and .ui files, at any depth.
    :return: {context: [texts]}, both in the order of the sources, each text once.
    :raises ValueError: for what Slicer could not translate: a text that is put together, or one that is translated
        while its file is imported, when no translation is loaded yet.
    """
    found = {}
    for path in sorted(folder.rglob("*.py")):
        for text in _textsOfPython(path):
            found.setdefault(contextOf(str(path)), {})[text] = None
    for path in sorted(folder.rglob("*.ui")):
        root = ElementTree.parse(path).getroot()
        for text in _textsOfForm(root):
            found.setdefault(root.findtext("class"), {})[text] = None
    return {context: list(texts) for context, texts in found.items()}


def _textsOfPython(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inFunctions = {node for function in ast.walk(tree) if _isFunction(function) for node in ast.walk(function)}
    for node in sorted(filter(_isTranslation, ast.walk(tree)), key=lambda node: (node.lineno, node.col_offset)):
        if node not in inFunctions:
            raise ValueError(f"{path}:{node.lineno} is translated on import, before translations are loaded")
        if not isinstance(node.args[0], ast.Constant):
            raise ValueError(f"{path}:{node.lineno} translates {ast.unparse(node.args[0])}, which is no literal text")
        yield node.args[0].value


def _isFunction(node):
    return isinstance(node, ast.FunctionDef | ast.Lambda)


def _isTranslation(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TRANSLATING


def _textsOfForm(root):
    for string in root.iterfind(".//property/string"):
        if string.text and string.get("notr") != "true":
            yield string.text

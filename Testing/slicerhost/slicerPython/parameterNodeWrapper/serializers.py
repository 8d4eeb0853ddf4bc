"""How values are stored in a vtkMRMLScriptedModuleNode: the same texts as Slicer's, so that scenes are exchangeable."""

import enum
import pathlib

import slicer


class TextSerializer:
    """A value stored as a text.

    :param allowed: types that are accepted.
    """

    def __init__(self, allowed, default, toText, fromText):
        self.default = default
        self._allowed = allowed
        self._toText = toText
        self._fromText = fromText

    def isIn(self, node, name):
        """:return: whether a node has the parameter."""
        return node.HasParameter(name)

    def write(self, node, name, value):
        """:raises ValueError: for None; TypeError: for a value of another type."""
        if value is None:
            raise ValueError(f"{name} must not be None")
        _checkType(name, value, self._allowed)
        node.SetParameter(name, self._toText(value))

    def read(self, node, name):
        """:return: the value."""
        return self._fromText(node.GetParameter(name))


class NodeSerializer:
    """A node stored as a reference, with an empty parameter of the same name that says that it was ever set."""

    default = None

    def __init__(self, nodeClass):
        self._nodeClass = nodeClass

    def isIn(self, node, name):
        """:return: whether the reference was ever written."""
        return node.HasParameter(name)

    def write(self, node, name, value):
        """:raises TypeError: for a node of another class."""
        if value is not None:
            _checkType(name, value, self._nodeClass)
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, value.GetID() if value is not None else None)

    def read(self, node, name):
        """:return: the node, or None."""
        return node.GetNodeReference(name)


def serializerFor(valueType):
    """:raises NotImplementedError: for a type that the host does not know."""
    if isinstance(valueType, type):
        if issubclass(valueType, enum.Enum):
            first = next(iter(valueType))
            return TextSerializer(valueType, first, lambda value: value.name, lambda text: valueType[text])
        if issubclass(valueType, slicer.vtkMRMLNode):
            return NodeSerializer(valueType)
        if valueType is bool:
            return TextSerializer(bool, False, str, lambda text: text == "True")
        if valueType in (int, str):
            return TextSerializer(valueType, valueType(), str, valueType)
        if valueType is float:
            return TextSerializer((int, float), 0.0, str, float)
        if issubclass(valueType, pathlib.PurePath):
            return TextSerializer(valueType, valueType(), str, valueType)
    raise NotImplementedError(f"The host's parameterNodeWrapper has no serializer for {valueType}")


def _checkType(name, value, allowed):
    if not isinstance(value, allowed):
        raise TypeError(f"{name} must be {allowed}, is {type(value)}: {value!r}")

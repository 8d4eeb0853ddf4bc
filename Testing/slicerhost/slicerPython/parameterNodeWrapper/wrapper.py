"""The class decorator `parameterNodeWrapper`, and what it adds to a class."""

import typing
from dataclasses import dataclass

import slicer.util

from slicerhost.slicerPython.parameterNodeWrapper import guiConnection
from slicerhost.slicerPython.parameterNodeWrapper.serializers import NodeSerializer, serializerFor
from slicerhost.slicerPython.parameterNodeWrapper.validators import Validator


@dataclass
class Default:
    """Annotation: the value of a parameter that was never set."""

    value: object


class Parameter:
    """One attribute of a wrapper class: its type, its annotations, how it is stored."""

    def __init__(self, name, annotatedType, assigned):
        self.name = name
        self.annotatedType = annotatedType
        self.type, self.annotations = _split(annotatedType)
        self.serializer = serializerFor(self.type)
        self.default = self._findDefault(assigned)

    def _findDefault(self, assigned):
        if assigned is not None:
            return assigned
        return next(
            (annotation for annotation in self.annotations if isinstance(annotation, Default)),
            Default(self.serializer.default),
        )

    def read(self, node):
        """:return: the value in a node, which gets the default if it has lost the parameter (scene closed)."""
        self.ensure(node)
        return self.serializer.read(node, self.name)

    def write(self, node, value):
        """:raises ValueError: if an annotation forbids the value; TypeError: if it is of another type."""
        if value is None and not isinstance(self.serializer, NodeSerializer):
            raise ValueError(f"{self.name} must not be None")
        for annotation in self.annotations:
            if isinstance(annotation, Validator):
                annotation.validate(value)
        with slicer.util.NodeModify(node):
            self.serializer.write(node, self.name, value)

    def ensure(self, node):
        """Write the default into a node that lacks the parameter."""
        if not self.serializer.isIn(node, self.name):
            self.write(node, self.default.value)


class WrapperMethods:
    """What every wrapper has. Slicer refuses parameters of these names."""

    def __init__(self, parameterNode, prefix=None):
        if prefix:
            raise NotImplementedError("The host's parameterNodeWrapper knows no prefix")
        self.parameterNode = parameterNode
        self._connections = guiConnection.GuiConnections(self)
        for parameter in self.allParameters.values():
            parameter.ensure(parameterNode)

    def default(self, name):
        """:return: Default of a parameter."""
        return self._parameter(name).default

    def isCached(self, name):
        """:return: whether reading avoids the node; True for all types that the host knows."""
        return self._parameter(name) is not None

    def getValue(self, name):
        """:return: the value of a parameter."""
        return self._parameter(name).read(self.parameterNode)

    def setValue(self, name, value):
        """Set a parameter."""
        self._parameter(name).write(self.parameterNode, value)

    def connectGui(self, gui):
        """Connect the widgets with a dynamic property SlicerParameterName to the parameters it names.

        :param gui: a widget with such widgets below it, or what `slicer.util.childWidgetVariables` returns.
        :return: None, as in Slicer (wrapper.py drops the tag that its documentation promises).
        """
        self._connections.connect(guiConnection.widgetsByParameter(gui))

    def connectParametersToGui(self, widgetsByParameter):
        """Connect parameters to widgets.

        :return: tag for `disconnectGui`.
        """
        return self._connections.connect(widgetsByParameter)

    def disconnectGui(self, tag):
        """Undo `connectParametersToGui`."""
        self._connections.disconnect(tag)

    def StartModify(self):
        """:return: what EndModify wants."""
        return self.parameterNode.StartModify()

    def EndModify(self, wasModifying):
        """Send the events held back since StartModify."""
        return self.parameterNode.EndModify(wasModifying)

    def AddObserver(self, event, callback, priority=0.0):
        """:return: tag for RemoveObserver."""
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag):
        """Undo AddObserver."""
        self.parameterNode.RemoveObserver(tag)

    def Modified(self):
        """Say that something changed."""
        self.parameterNode.Modified()

    def _parameter(self, name):
        if name not in self.allParameters:
            raise ValueError(f"Cannot find a param with the given name: {name}, only {list(self.allParameters)}")
        return self.allParameters[name]


def parameterNodeWrapper(cls=None):
    """Class decorator: makes a wrapper of a class with type hints."""
    return _wrapped(cls) if cls is not None else _wrapped


def isParameterNodeWrapper(classOrInstance):
    """:return: whether it was made by `parameterNodeWrapper`."""
    cls = classOrInstance if isinstance(classOrInstance, type) else type(classOrInstance)
    return hasattr(cls, "allParameters")


def _wrapped(cls):
    parameters = {}
    for name, annotatedType in typing.get_type_hints(cls, include_extras=True).items():
        assigned = Default(getattr(cls, name)) if hasattr(cls, name) else None
        parameters[name] = Parameter(name, annotatedType, assigned)
        setattr(cls, name, _property(parameters[name]))
    for name, member in vars(WrapperMethods).items():
        if callable(member):
            if name in parameters:
                raise ValueError(f"Cannot use reserved name '{name}' in a parameterNodeWrapper")
            setattr(cls, name, member)
    cls.allParameters = parameters
    cls.dataType = staticmethod(lambda name: parameters[name].annotatedType)
    return cls


def _property(parameter):
    return property(
        lambda self: parameter.read(self.parameterNode),
        lambda self, value: parameter.write(self.parameterNode, value),
    )


def _split(annotatedType):
    if typing.get_origin(annotatedType) is typing.Annotated:
        plainType, *annotations = typing.get_args(annotatedType)
        return plainType, annotations
    return annotatedType, []

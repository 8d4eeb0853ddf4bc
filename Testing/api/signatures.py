"""Writes a public interface down as lines of text: names, parameters and the defaults that can be written as such."""

import dataclasses
import inspect

#: Defaults that look the same in every run.
PLAIN = (type(None), bool, int, float, str, tuple)


def linesOf(name, thing):
    """:return: one line for a function or value; of a class also one for each public member, its bases' included."""
    if inspect.isclass(thing):
        return [f"{name}{_constructor(thing)}", *_members(name, thing)]
    if callable(thing):
        return [f"{name}{_parameters(inspect.signature(thing))}"]
    return [f"{name} = {thing!r}"] if isinstance(thing, PLAIN) else [name]


def _constructor(kind):
    if issubclass(kind, Exception) or kind.__init__ is not object.__init__:
        return _parameters(inspect.signature(kind.__init__), isMethod=True)
    return "()"


def _members(name, kind):
    fields = {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else set()
    for member in sorted(_publicNames(kind) - fields):
        found = inspect.getattr_static(kind, member)
        isBound = not isinstance(found, staticmethod)
        if isinstance(found, classmethod | staticmethod):
            found = found.__func__
        if inspect.isfunction(found):
            yield f"{name}.{member}{_parameters(inspect.signature(found), isBound)}"
        else:
            yield f"{name}.{member}"


def _publicNames(kind):
    # What comes from Python's own classes is Python's interface.
    own = [base for base in kind.__mro__ if base.__module__.partition(".")[0] in ("MedSAMSegLib", "medsamseg_server")]
    return {member for base in own for member in vars(base) if not member.startswith("_")}


def _parameters(signature, isMethod=False):
    kept = list(signature.parameters.values())[1 if isMethod else 0 :]
    kept = [each.replace(annotation=each.empty, default=_default(each.default)) for each in kept]
    return str(inspect.Signature(kept))


def _default(value):
    return value if value is inspect.Parameter.empty or isinstance(value, PLAIN) else _Something()


class _Something:
    """A default that differs from run to run, or is too long to be read."""

    def __repr__(self):
        return "…"

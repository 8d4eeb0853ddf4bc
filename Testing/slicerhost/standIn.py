"""The base of what stands in for Slicer's Qt objects: the unknown is an error, never a silent success."""


class StandIn:
    """An object of the host that has only part of what Slicer's object has."""

    standsFor = "a Slicer object"

    def __getattr__(self, name):
        raise AttributeError(
            f"The host's stand-in for {self.standsFor} has no '{name}'. If Slicer has it, add it to"
            f" {type(self).__module__}.{type(self).__name__}; otherwise the code under test would fail in Slicer too."
        )

"""A stand-in for the Slicer application: the real MRML scene, logics, loading and saving, without Slicer itself.

Everything that is C++ in Slicer and in the `slicer-core` wheel is the real thing. What Slicer builds in Qt
(`slicer.app`, `slicer.modules`, the IO manager) is written here, small, and raises on anything it does not know, so
that code under test cannot rely on what only this host has. ::

    from slicerhost import Host

    host = Host()
    volume = slicer.util.loadVolume("chest.nrrd")
    assert host.messages.errors == []
"""

from slicerhost.host import Host

__all__ = ["Host"]

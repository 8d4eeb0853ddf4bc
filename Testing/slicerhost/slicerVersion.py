"""Which Slicer the host behaves as, where the versions that MedSAMSeg supports differ."""

OLDEST, NEWEST = VERSIONS = ("5.10", "5.12")

_present = NEWEST


def behaveAs(version):
    """Behave as a version of Slicer from now on; `GuiHost.reset` goes back to the newest.

    :param version: one of VERSIONS.
    """
    global _present
    if version not in VERSIONS:
        raise ValueError(f"The host knows Slicer {' and '.join(VERSIONS)}, not {version}")
    _present = version


def current():
    """:return: the version that the host behaves as."""
    return _present


def isAtLeast(version):
    """:return: whether the host behaves as this version or a later one."""
    return VERSIONS.index(_present) >= VERSIONS.index(version)

"""The server's state in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from slicer.i18n import tr as _

from MedSAMSegLib.panel.frame.errorMessages import messageOn as messageOnError

if TYPE_CHECKING:
    from MedSAMSegLib.server.serverState import ServerState

#: What a server calls its device until it has loaded a network.
UNDECIDED = "auto"


def messageOn(state: ServerState) -> str:
    """Return what the status line of the server says.

    :param state: :class:`ServerState`.
    """
    if state.kind == "off":
        return _("Off; starts with the first box")
    if state.kind == "starting":
        return _startingMessage(state.reason)
    if state.kind == "error":
        return _errorMessage(state)
    ready = _readyMessage(state)
    if state.kind == "busy":
        progress = _("{ready}, preparing slice {number} of {total}").format(
            ready=ready, number=min(state.done + 1, state.total), total=state.total
        )
        return progress + _timeLeft(state.secondsLeft)
    return ready


def _readyMessage(state):
    if state.device == UNDECIDED:
        return _("Ready: {model}").format(model=state.model)
    return _("Ready: {model} on {device}").format(model=state.model, device=_deviceName(state.device))


def _timeLeft(seconds):
    # Less than a minute is not worth a figure that changes all the time.
    if seconds is None or seconds < 60:
        return ""
    return _(" ({minutes} min left)").format(minutes=math.ceil(seconds / 60))


def _startingMessage(reason):
    if reason == "died":
        return _("It ended unexpectedly and is starting again …")
    if reason == "hung":
        return _("It did not answer any more and is starting again …")
    return _("Starting …")


def _errorMessage(state):
    if state.reason == "silent":
        return _("It has not answered for some seconds. Wait, or start it again.")
    if state.reason == "dies again":
        return _("It has ended several times. Start it again, or look into its log under Advanced.")
    if state.reason == "no weights":
        return _("{model} is not on this computer. Get it under Installation.").format(model=state.model)
    if state.error.code == "server_missing":
        return _("Not installed; see Installation.")
    return messageOnError(state.error)


def _deviceName(device):
    names = {"cpu": _("the processor"), "cuda": _("the graphics card"), "mps": _("Apple graphics")}
    return names.get(device.partition(":")[0], device)

"""How the server is, as the panel needs to know it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from MedSAMSegLib.errors import UserError

if TYPE_CHECKING:
    from MedSAMSegLib.client.serverReplies import EncodingStatus


@dataclasses.dataclass(frozen=True)
class ServerState:
    """The server at one moment.

    :param kind: "off", "starting", "ready", "busy" (ready, and encoding slices ahead) or "error".
    :param reason: why it is so: "died", "hung", "silent", "dies again", "no weights", or empty.
    :param model: title of the server's default model; empty until the server has answered.
    :param device: where the networks run, such as "cpu"; empty until the server has answered.
    :param error: the :class:`UserError` behind an error without a reason of this list; None otherwise.
    :param done: number of slices encoded so far; while busy.
    :param total: number of slices that will be encoded; while busy.
    :param secondsLeft: how long that will take; None when that is not known.
    """

    kind: str
    reason: str = ""
    model: str = ""
    device: str = ""
    error: UserError | None = None
    done: int = 0
    total: int = 0
    secondsLeft: float | None = None

    @property
    def hasAnswered(self) -> bool:
        """True for a server that answers now."""
        return self.kind in ("ready", "busy")

    def whileEncoding(self, status: EncodingStatus) -> ServerState:
        """Return the state of a ready server that encodes slices ahead; any other state is returned as it is.

        :param status: :class:`EncodingStatus`.
        """
        if self.kind != "ready":
            return self
        return dataclasses.replace(
            self, kind="busy", done=status.done, total=status.total, secondsLeft=status.secondsLeft
        )

"""Why a propagation ended: the panel has a sentence for each of the server's reasons, and it is the server's."""

from typing import get_args

import pytest

from medsamseg_server.propagation import events

REASONS = get_args(events.Reason)


@pytest.mark.parametrize("reason", REASONS)
def test_sentencesAreTheServers(gui, reason):
    from MedSAMSegLib.panel.parts.endingMessages import endingMessage

    ending = {"direction": "forward", "slice": 7, "reason": reason, "message": "of the server"}
    assert endingMessage(ending) == events.DirectionEnded.after("forward", 7, reason).message


def test_reasonsOfNewerServersAreSaidByTheServer(gui):
    from MedSAMSegLib.panel.parts.endingMessages import endingMessage

    ending = {"direction": "forward", "slice": 7, "reason": "tired", "message": "It was tired."}
    assert endingMessage(ending) == "It was tired."

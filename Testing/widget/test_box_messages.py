"""What the status line says of a box: the window it was seen in, and doubt."""

import dataclasses

import pytest

from MedSAMSegLib.boxes.boxRun import BoxResult
from MedSAMSegLib.client.serverReplies import SegmentReply
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

SOFT = {"name": "soft", "lower": -160.0, "upper": 240.0}
BONE = {"name": "bone", "lower": -500.0, "upper": 1300.0}
SEEN = "Window for this box: Bone (1800 / 400)."
DOUBT = "The mask on slice 7 is uncertain: it leaves much of the box empty. Draw the box tighter, or add a point."


@pytest.fixture
def messageOnBox(guiHost):
    # Here because the translation that it needs is the host's.
    from MedSAMSegLib.panel.parts import boxMessages

    return boxMessages.messageOnBox


def result(**fields):
    prompt = SlicePrompt(axis=0, sliceIndex=7, box=(1, 2, 8, 9))
    made = BoxResult(prompt, None, 30, True, 0.9, False, 0.1, 0.1, "litemedsam", SOFT, [])
    return dataclasses.replace(made, **fields)


@pytest.mark.parametrize(
    ("fields", "notes"),
    [
        ({}, []),
        ({"doubt": DOUBT}, [DOUBT]),
        # A sign that is weaker than the doubt, which is made of it among others.
        ({"agreement": 0.1}, []),
        ({"window": BONE}, []),
        ({"window": BONE, "suggestedWindow": "lung"}, [SEEN]),
        ({"window": BONE, "suggestedWindow": "bone"}, []),
        (
            {"window": BONE, "suggestedWindow": "lung", "doubt": DOUBT, "notes": ["One note."]},
            [SEEN, DOUBT, "One note."],
        ),
    ],
)
def test_statusLineOnABox(messageOnBox, fields, notes):
    assert messageOnBox(result(**fields)) == " ".join(["Found 30 voxels on slice 7.", *notes])


def test_nothingFoundNeedsNoNotes(messageOnBox):
    sentence = messageOnBox(result(voxelCount=0, window=BONE, suggestedWindow="lung", doubt=DOUBT))
    assert sentence.startswith("Nothing was found in the box.")
    assert SEEN not in sentence
    assert DOUBT not in sentence


def test_replyOnOneMaskHasItsOwnWindow(gui):
    known = {"windows": [SOFT, BONE], "agreements": [0.9, None], "doubts": [None, DOUBT]}
    reply = SegmentReply(["first", "second"], True, 0.1, 0.2, "litemedsam", "fa", SOFT, **known)
    second = reply.ofMask(1)
    assert (second.masks, second.window, second.windows, second.agreements) == (["second"], BONE, [BONE], [None])
    assert second.doubts == [DOUBT]
    assert dataclasses.replace(reply, windows=(), agreements=(), doubts=()).ofMask(1).window == SOFT


def test_panelSaysTheDoubtOfTheServer(gui, panel, volume, server, dragInRed):
    server.doubtOf = lambda sliceIndex: f"The mask on slice {sliceIndex} is uncertain."
    panel.ui.drawButton.click()
    dragInRed()
    gui.waitUntil(lambda: panel.ui.statusLabel.text.startswith("Found"))
    index = server.requests[-1]["slice"]
    assert f"on slice {index}. The mask on slice {index} is uncertain." in panel.ui.statusLabel.text

"""What the status line says of a box: the window it was seen in, and doubt."""

import dataclasses

import pytest

from MedSAMSegLib.boxes.boxRun import BoxResult
from MedSAMSegLib.client.serverReplies import SegmentReply
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

SOFT = {"name": "soft", "lower": -160.0, "upper": 240.0}
BONE = {"name": "bone", "lower": -500.0, "upper": 1300.0}
SEEN = "Window for this box: Bone (1800 / 400)."
DOUBT = "Look at it closely: slightly different boxes give different masks. A point or another box may help."


@pytest.fixture
def sentenceOnBox(guiHost):
    # Here because the translation that it needs is the host's.
    from MedSAMSegLib.panel.parts import boxSentences

    return boxSentences.sentenceOnBox


def result(**fields):
    prompt = SlicePrompt(axis=0, sliceIndex=7, box=(1, 2, 8, 9))
    made = BoxResult(prompt, None, 30, True, 0.9, False, 0.1, 0.1, "litemedsam", SOFT, [])
    return dataclasses.replace(made, **fields)


@pytest.mark.parametrize(
    ("fields", "remarks"),
    [
        ({}, []),
        ({"agreement": 0.97}, []),
        ({"agreement": 0.85}, [DOUBT]),
        ({"window": BONE}, []),
        ({"window": BONE, "suggestedWindow": "lung"}, [SEEN]),
        ({"window": BONE, "suggestedWindow": "bone"}, []),
        (
            {"window": BONE, "suggestedWindow": "lung", "agreement": 0.1, "notes": ["One note."]},
            [SEEN, DOUBT, "One note."],
        ),
    ],
)
def test_statusLineOnABox(sentenceOnBox, fields, remarks):
    assert sentenceOnBox(result(**fields)) == " ".join(["Found 30 voxels on slice 7.", *remarks])


def test_nothingFoundNeedsNoRemarks(sentenceOnBox):
    sentence = sentenceOnBox(result(voxelCount=0, window=BONE, suggestedWindow="lung", agreement=0.0))
    assert sentence.startswith("Nothing was found in the box.")
    assert SEEN not in sentence
    assert DOUBT not in sentence


def test_replyOnOneMaskHasItsOwnWindow(gui):
    reply = SegmentReply(["first", "second"], True, 0.1, 0.2, "litemedsam", "fa", SOFT, [SOFT, BONE], [0.9, None])
    second = reply.ofMask(1)
    assert (second.masks, second.window, second.windows, second.agreements) == (["second"], BONE, [BONE], [None])
    assert dataclasses.replace(reply, windows=(), agreements=()).ofMask(1).window == SOFT

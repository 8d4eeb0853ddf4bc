"""The records of slices in the tags of a segment."""

import slicer

from MedSAMSegLib.slices.sliceRecord import PROPAGATED, SliceRecord
from MedSAMSegLib.slices.sliceRecords import BLOCK_SLICES, SliceRecords


class CountedTags:
    """The tags of a segment, and how many characters were written into them and read out of them."""

    def __init__(self):
        self.characters = 0
        self._tags = {}

    def GetTag(self, name, text):
        text.set(self._tags.get(name, ""))
        self.characters += len(str(text))
        return name in self._tags

    def SetTag(self, name, text):
        self._tags[name] = text
        self.characters += len(text)


def record(index):
    return SliceRecord(PROPAGATED, digest=f"{index:08x}", confidence=0.5)


def test_whatWasNotedIsFoundByAxisAndSlice():
    segment = slicer.vtkSegment()
    noted = {index: record(index) for index in (3, BLOCK_SLICES, 200, 5 * BLOCK_SLICES - 1)}
    for index, each in noted.items():
        SliceRecords(segment).note(0, {index: each})
    SliceRecords(segment).note(2, {7: record(7), 90: record(90)})
    assert SliceRecords(segment).ofAxis(0) == noted
    assert SliceRecords(segment).ofAxis(1) == {}
    assert SliceRecords(segment).ofAxis(2) == {7: record(7), 90: record(90)}
    assert [SliceRecords(segment).of(0, index) for index in (200, 201, 7)] == [record(200), None, None]


def test_forgottenSliceIsGoneAndItsNeighborsStay():
    segment = slicer.vtkSegment()
    SliceRecords(segment).note(0, {index: record(index) for index in (4, 5)})
    SliceRecords(segment).note(0, {4: None, 77: None})
    assert SliceRecords(segment).ofAxis(0) == {5: record(5)}


def test_noteCostsTheSameHoweverManySlicesAreKnown():
    segment = CountedTags()
    costs = []
    for index in range(20 * BLOCK_SLICES):
        before = segment.characters
        SliceRecords(segment).note(0, {index: record(index)})
        costs.append(segment.characters - before)
    assert max(costs[-BLOCK_SLICES:]) < 1.1 * max(costs[:BLOCK_SLICES])

"""Volumes on their way to the server, and slices that are encoded there ahead of the user."""

import threading

import numpy as np
import pytest
import slicer
from waiting import waitUntil

from MedSAMSegLib.client import encodingRun
from MedSAMSegLib.client.serverReplies import EncodingStatus, ServerError
from MedSAMSegLib.client.volumeUpload import READINGS, UploadCancelledError, VolumeUpload


@pytest.fixture(autouse=True)
def quickLooks(monkeypatch):
    """The server is asked often how far it is."""
    monkeypatch.setattr(encodingRun, "STATUS_SECONDS", 0.005)


@pytest.fixture
def volume(ct):
    return ct[0]


def finish(run):
    while run.advance(wait=True):
        pass
    return run.result


def test_uploadDoesNotWaitAndABoxWaitsForItInsteadOfSendingAgain(logic, server, ct):
    server.letUpload.clear()
    upload = logic.startUpload(ct[0])
    box = logic.startBox(*ct, axis=0, slice=5, box=(2, 2, 8, 8))
    assert upload.advance()
    assert box.advance()
    server.letUpload.set()
    assert finish(upload) == server.uploads[0].key
    finish(box)
    assert len(server.uploads) == 1


def test_mainThreadReadsNoVoxels(logic, server, volume, monkeypatch):
    readers = []
    send = server.uploadVolume

    def sendAndNote(upload):
        readers.append(threading.current_thread())
        return send(upload)

    monkeypatch.setattr(server, "uploadVolume", sendAndNote)
    finish(logic.startUpload(volume))
    assert readers
    assert threading.main_thread() not in readers


def test_sentVoxelsAreSlicersOwnMemory(logic, server, volume):
    finish(logic.startUpload(volume))
    sent = np.frombuffer(list(server.uploads[0].chunks())[1], dtype=np.uint8)
    assert np.shares_memory(sent, slicer.util.arrayFromVolume(volume))


def test_voxelsThatChangeWhileTheyAreSentAreSentAsTheyAreThen(server):
    voxels = np.zeros((3, 4, 5), np.int16)
    upload = VolumeUpload(voxels)
    keys = []

    def refuseOnce(sent):
        keys.append(sent.key)
        if len(keys) == 1:
            voxels[1, 1, 1] = 7
            raise ServerError("The bytes are not those of the key.", "", "key_mismatch")
        return FakeReply(sent.key)

    server.uploadVolume = refuseOnce
    assert upload.call(server, lambda key: key) == keys[1]
    assert keys[0] != keys[1]


def test_voxelsThatNeverRestAreGivenUp(server):
    def refuse(sent):
        keys.append(sent.key)
        raise ServerError("The bytes are not those of the key.", "", "key_mismatch")

    keys = []
    server.uploadVolume = refuse
    with pytest.raises(ServerError, match="not those of the key"):
        VolumeUpload(np.zeros((3, 4, 5))).call(server, lambda key: key)
    assert len(keys) == READINGS


class FakeReply:
    notes = ()

    def __init__(self, key):
        self.key = key


def test_sceneThatClosesEndsTheUpload(logic, server, volume):
    isSending, goOn = threading.Event(), threading.Event()

    def sendPieceByPiece(upload):
        isSending.set()
        assert goOn.wait(20)
        return FakeReply(b"".join(upload.chunks()))

    server.uploadVolume = sendPieceByPiece
    run = logic.startUpload(volume)
    assert isSending.wait(20)
    logic.cancelUploads()
    goOn.set()
    with pytest.raises(UploadCancelledError):
        finish(run)


def test_uploadAfterACancelledOneIsAnother(logic, server, volume):
    logic.startUpload(volume)
    logic.cancelUploads()
    assert finish(logic.startUpload(volume)) == server.uploads[-1].key


def test_removedVolumeIsNotSentAnyMore(logic, server, volume):
    first = logic._uploads.uploadOf(volume)
    slicer.mrmlScene.RemoveNode(volume)
    logic._uploads.uploadOf(slicer.util.addVolumeFromArray(np.zeros((2, 2, 2))))
    assert first.isCancelled


def test_editedVoxelsAreAnotherUpload(logic, server, volume):
    finish(logic.startUpload(volume))
    slicer.util.arrayFromVolume(volume)[0, 0, 0] += 1
    slicer.util.arrayFromVolumeModified(volume)
    finish(logic.startUpload(volume))
    keys = [upload.key for upload in server.uploads]
    assert len(set(keys)) == len(keys) == 2


def test_boxUnderWayWhenTheServerDiesIsAnsweredByTheNextOne(logic, server, ct):
    server.letSegment.clear()
    run = logic.startBox(*ct, axis=0, slice=5, box=(2, 2, 8, 8))
    waitUntil(lambda: run.advance() and server.requests)
    server.die()
    server.letSegment.set()
    assert finish(run).voxelCount == 49
    assert server.starts == 2
    assert len(server.uploads) == 2


def test_boxThatKillsEveryServerIsGivenUp(logic, server, ct, monkeypatch):
    ask = server.segment

    def dieOfIt(*arguments, **options):
        server.die()
        return ask(*arguments, **options)

    monkeypatch.setattr(server, "segment", dieOfIt)
    with pytest.raises(ServerError, match="stopped"):
        finish(logic.startBox(*ct, axis=0, slice=5, box=(2, 2, 8, 8)))
    assert server.starts == 2


def begin(run):
    waitUntil(lambda: run.advance() and run.status)


def test_encodingSaysHowFarItIs(logic, server, volume):
    run = logic.startEncoding(volume, 0, 12, window="lung")
    begin(run)
    key = server.uploads[0].key
    assert server.encodings == [{"key": key, "axis": 0, "slice": 12, "window": "lung", "model": None}]
    job = server.encoding.job
    server.encoding = EncodingStatus("running", 37, 212, job, 40.0)
    waitUntil(lambda: run.advance() and run.status.done == 37)
    assert (run.status.total, run.status.secondsLeft) == (212, 40.0)
    server.encoding = EncodingStatus("done", 212, 212, job)
    assert finish(run).state == "done"


def test_encodingGoesOnFromAnotherSlice(logic, server, volume):
    run = logic.startEncoding(volume, 0, 12)
    begin(run)
    run.center(3)
    waitUntil(lambda: run.advance() and len(server.encodings) == 2)
    assert [request["slice"] for request in server.encodings] == [12, 3]


def test_closedEncodingIsEndedOnTheServer(logic, server, volume):
    run = logic.startEncoding(volume, 0, 12)
    begin(run)
    run.close()
    finish(run)
    assert run.isOver
    assert server.encoding.state == "cancelled"


def test_laterEncodingEndsTheEarlierOneWithoutBeingEndedByIt(logic, server, volume):
    first = logic.startEncoding(volume, 0, 12)
    begin(first)
    second = logic.startEncoding(volume, 1, 3)
    begin(second)
    assert finish(first) is None
    assert server.encoding.state == "running"


def test_failedEncodingSaysWhy(logic, server, volume):
    run = logic.startEncoding(volume, 0, 12)
    begin(run)
    error = ServerError("The disk is full.", "Make room.", "disk_full")
    server.encoding = EncodingStatus("failed", 3, 40, server.encoding.job, error=error)
    with pytest.raises(ServerError, match="disk is full"):
        finish(run)

"""The scripting API against a real server process with the real LiteMedSAM weights, on the sample CT."""

import contextlib
import http.client
import http.server
import os
import signal
import socket
import threading
from pathlib import Path

import numpy as np
import pytest
import slicer
from realServer import SERVER_COMMAND

from MedSAMSegLib.client.npyUpload import NpyUpload
from MedSAMSegLib.client.serverClient import REPLY_TIMEOUT_SECONDS, ServerClient
from MedSAMSegLib.client.serverReplies import ServerError
from MedSAMSegLib.client.serverTransport import ServerTransport, ServerUnavailableError
from MedSAMSegLib.errors import UserError
from MedSAMSegLib.logic import MedSAMSegLogic
from MedSAMSegLib.server.serverProcess import ServerProcess

SAMPLE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "Resources" / "SampleData"
BOX = {"axis": 0, "slice": 24, "box": (54, 160, 101, 204)}


@pytest.fixture
def logic(realServer):
    return MedSAMSegLogic(realServer)


@pytest.fixture
def ct(logic):
    """The sample CT with an empty segment: (volume, segmentation, segment)."""
    volume = slicer.util.loadVolume(str(SAMPLE / "RiderChestCT.nrrd"))
    segmentation = logic.createSegmentation(volume)
    return volume, segmentation, logic.addSegment(segmentation, "Tumour")


@pytest.fixture
def unusedPort():
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def webServer():
    """Called with a status, starts a web server that answers every GET with a page; returns its address."""
    with contextlib.ExitStack() as stack:

        def start(status, page=b"<html>Welcome</html>"):
            class Page(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(page)

                def do_PUT(self):
                    """Refuse before the body was read."""
                    body = b'{"error": {"code": "body_too_large", "message": "Too long.", "hint": "Crop it."}}'
                    self.send_response(413)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

                def log_message(self, *arguments):
                    """Keep the test's output clean."""

            server = stack.enter_context(http.server.HTTPServer(("127.0.0.1", 0), Page))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield start


def segmentVoxels(volume, segmentation, segment):
    return slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment, volume) > 0


def test_secondClickOnASliceNeedsNoEncodingAndGivesTheSameMask(logic, ct):
    first = logic.segmentBox(*ct, **BOX, window="lung")
    mask = segmentVoxels(*ct)
    logic.undo(ct[1], ct[0])
    second = logic.segmentBox(*ct, **BOX, window="lung")
    assert second.wasCached
    assert second.voxelCount == first.voxelCount > 500
    np.testing.assert_array_equal(segmentVoxels(*ct), mask)


def test_boxAndPropagationFindTheTumour(logic, ct):
    outline = slicer.util.loadLabelVolume(str(SAMPLE / "RiderChestCTTumour.nrrd"))
    expected = slicer.util.arrayFromVolume(outline)[22:27] > 0
    logic.segmentBox(*ct, **BOX, window="lung")
    result = logic.propagate(*ct, first=22, last=26, window="lung")
    found = segmentVoxels(*ct)
    assert sorted(result.slices) == [22, 23, 24, 25, 26]
    assert not found[:22].any()
    assert not found[27:].any()
    assert 2 * (found[22:27] & expected).sum() / (found[22:27].sum() + expected.sum()) > 0.85
    assert {ending["reason"] for ending in result.endings} == {"range"}
    assert len(result.weightsSha256) == 64


def test_segmentsThatAreFollowedTogetherDoNotOverlap(logic, ct):
    volume, segmentation, _whole = ct
    segments = [_whole, logic.addSegment(segmentation, "Upper half")]
    x0, y0, x1, y1 = BOX["box"]
    for segment, bottom in zip(segments, (y1, 176), strict=True):
        logic.segmentBox(volume, segmentation, segment, axis=0, slice=24, box=(x0, y0, x1, bottom), window="lung")
    masks = [segmentVoxels(volume, segmentation, segment)[24] for segment in segments]
    assert (masks[0] & masks[1]).any()
    result = logic.propagate(volume, segmentation, segments, first=23, last=25, window="lung")
    assert {segment: sorted(done.slices) for segment, done in result.segments.items()} == {
        segment: [23, 24, 25] for segment in segments
    }
    masks = [segmentVoxels(volume, segmentation, segment) for segment in segments]
    assert not (masks[0] & masks[1]).any()
    assert all(mask[index].sum() > 50 for mask in masks for index in (23, 24, 25))


def test_aSegmentThatIsNotTheObjectIsLeftOutOfBoxAndPropagation(logic, ct):
    volume, segmentation, _segment = ct
    whole = logic.segmentBox(*ct, **BOX, window="lung")
    core = np.zeros(slicer.util.arrayFromVolume(volume).shape, np.uint8)
    core[23:26, 176:184, 70:80] = 1
    assert segmentVoxels(*ct)[24][core[24] > 0].all()
    coreID = logic.addSegment(segmentation, "Core")
    slicer.util.updateSegmentBinaryLabelmapFromArray(core, segmentation, coreID, volume)
    rest = logic.excludeSegment(whole.promptNode, coreID, window="lung")
    assert rest.voxelCount == whole.voxelCount - core[24].sum()
    logic.propagate(*ct, first=23, last=25, window="lung")
    found = segmentVoxels(*ct)
    assert not found[core > 0].any()
    assert all(found[index].sum() > 500 for index in (23, 24, 25))


def test_cancelledPropagationKeepsWholeSlicesAndTheServerGoesOn(logic, ct):
    logic.segmentBox(*ct, **BOX, window="lung")
    result = logic.propagate(*ct, window="lung", progress=lambda progress: progress.done < 3)
    assert result.wasCancelled
    # Slices that were in work while the cancellation traveled may still arrive, but not all of them.
    assert 3 <= len(result.slices) < 20
    found = segmentVoxels(*ct)
    assert sorted(np.flatnonzero(found.any(axis=(1, 2)))) == sorted(result.slices)
    assert logic.segmentBox(*ct, **BOX, window="lung").wasCached


def test_serverKilledInTheMiddleLeavesWholeSlicesAndAClearError(host, ct):
    server = ServerProcess(SERVER_COMMAND)
    logic = MedSAMSegLogic(server)
    volume, segmentation, segment = ct
    logic.segmentBox(*ct, **BOX, window="lung")
    written = []

    def killAtTheThirdSlice(progress):
        written.append(progress.sliceIndex)
        if progress.done == 3:
            os.kill(server.pid, signal.SIGKILL)

    with pytest.raises(ServerUnavailableError, match=r"stopped in the middle.*slices were done before and kept"):
        logic.propagate(*ct, window="lung", progress=killAtTheThirdSlice)

    found = segmentVoxels(*ct)
    assert sorted(np.flatnonzero(found.any(axis=(1, 2)))) == sorted(written)
    # One step takes the propagation back, and the next box starts a new server.
    assert logic.undo(segmentation, volume)
    assert list(np.flatnonzero(segmentVoxels(*ct).any(axis=(1, 2)))) == [24]
    assert logic.segmentBox(volume, segmentation, segment, **BOX, window="lung").voxelCount > 500
    server.stop()


def test_serversErrorsReachTheUserAsTheyAre(logic, ct):
    with pytest.raises(ServerError) as caught:
        logic.segmentBox(*ct, **BOX, window="sepia")
    assert "sepia" in caught.value.message
    assert caught.value.hint


def test_wrongTokenIsRefused(realServer):
    client = ServerClient(realServer.client().url, "guessed")
    with pytest.raises(ServerError) as caught:
        client.health()
    assert caught.value.code == "unauthorized"


def test_addressThatIsNotOneOfAServerIsNamed(host):
    with pytest.raises(UserError, match=r"'ftp://example.org' is not the address of a MedSAMSeg server"):
        ServerClient("ftp://example.org", "token")


@pytest.mark.parametrize("status", [200, 404])
def test_otherProgramOnThePortIsNotMistakenForAServer(host, webServer, status):
    client = ServerClient(webServer(status), "token")
    with pytest.raises(ServerError, match=r"is not a MedSAMSeg server") as caught:
        client.health()
    assert caught.value.code == "not_our_server"


def test_serverOfAnotherProtocolIsRefusedBeforeAnythingIsSent(host, webServer):
    client = ServerClient(webServer(200, b'{"version": "9.1", "protocol": 2}'), "token")
    with pytest.raises(ServerError, match=r"server 9\.1 speaks version 2 .* speaks version 1\. Update the older"):
        client.uploadVolume(NpyUpload(np.zeros((2, 2, 2), np.int16)))


def test_nobodyOnThePortIsSaidSo(host, unusedPort):
    with pytest.raises(ServerUnavailableError, match=r"does not answer"):
        ServerClient(f"http://127.0.0.1:{unusedPort}", "token", timeout=5).health()


@pytest.mark.parametrize("error", [ConnectionResetError, ConnectionAbortedError, BrokenPipeError])
def test_connectionThatIsResetWhileItIsMadeIsSaidSo(host, unusedPort, monkeypatch, error):
    """As by a server that is ended then. What watches servers goes on."""

    def connect(_connection):
        raise error("reset")

    monkeypatch.setattr(http.client.HTTPConnection, "connect", connect)
    with pytest.raises(ServerUnavailableError, match=r"does not answer \(reset\)"):
        ServerClient(f"http://127.0.0.1:{unusedPort}", "token", timeout=5).health()


def test_refusalOfALargeVolumeReachesTheUser(host, webServer):
    transport = ServerTransport(webServer(200), "token", REPLY_TIMEOUT_SECONDS)
    upload = NpyUpload(np.zeros((64, 512, 512), np.int16))
    with pytest.raises(ServerError) as caught:
        transport.requestJson("PUT", "/v1/volumes/x", upload.chunks(), {"Content-Length": str(upload.byteCount)})
    assert caught.value.code == "body_too_large"


def test_rangeMayComeOutOfNumpy(logic, ct):
    logic.segmentBox(*ct, **BOX, window="lung")
    first, last = np.array([23, 25])
    assert sorted(logic.propagate(*ct, first=first, last=last, window="lung").slices) == [23, 24, 25]


def test_thresholdIsThatOfTheNetworksProbability(logic, ct, tmp_path):
    box = logic.segmentBox(*ct, **BOX, window="lung").promptNode
    usual = segmentVoxels(*ct)
    masks = {}
    for threshold in (0.2, 0.5, 0.8):
        logic.setThreshold(box, threshold)
        masks[threshold] = segmentVoxels(*ct)
    np.testing.assert_array_equal(masks[0.5], usual)
    assert masks[0.8].sum() < masks[0.5].sum() < masks[0.2].sum()
    assert not (masks[0.8] & ~masks[0.2]).any()
    path = str(tmp_path / "scene.mrb")
    slicer.util.saveScene(path)
    slicer.mrmlScene.Clear()
    slicer.util.loadScene(path)
    (volume,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    (reopened,) = logic.boxes(segmentation, volume)
    assert logic.threshold(reopened.node) == 0.8
    logic.setThreshold(reopened.node, 0.2)
    np.testing.assert_array_equal(segmentVoxels(volume, segmentation, ct[2]), masks[0.2])


def test_thresholdOfAPropagationIsThatOfTheNetworksProbabilities(logic, ct):
    logic.segmentBox(*ct, **BOX, window="lung")
    drawn = segmentVoxels(*ct)
    slices = sorted(logic.propagate(*ct, first=22, last=26, window="lung").slices)
    usual = segmentVoxels(*ct)
    masks = {}
    for threshold in (0.2, 0.8, 0.5):
        result = logic.setPropagationThreshold(*ct, threshold)
        assert (sorted([*result.slices, 24]), result.keptSlices) == (slices, [24])
        masks[threshold] = segmentVoxels(*ct)
    np.testing.assert_array_equal(masks[0.5], usual)
    for index in set(slices) - {24}:
        assert masks[0.8][index].sum() < masks[0.5][index].sum() < masks[0.2][index].sum()
        assert not (masks[0.8][index] & ~masks[0.2][index]).any()
    np.testing.assert_array_equal(masks[0.2][24], drawn[24])

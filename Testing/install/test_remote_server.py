"""A server on another computer: a real one, in another process, with its address and token typed into the panel."""

import contextlib
import json
import os
import stat
import subprocess
from pathlib import Path

import fakeNetworkServer
import pytest
import slicer

from MedSAMSegLib.errors import UserError
from MedSAMSegLib.server.remoteServer import RemoteAddress
from MedSAMSegLib.server.serverProcess import ServerProcess
from slicerhost import widgetDriver

MODULE = Path(__file__).resolve().parents[2] / "MedSAMSeg" / "MedSAMSeg.py"
TOKEN = "the token of another computer"
TIMEOUT = 60


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MEDSAMSEG_HOME", str(tmp_path))
    monkeypatch.delenv("MEDSAMSEG_PYTHON", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return tmp_path


@pytest.fixture
def remote():
    """Address of a server that somebody else started."""
    token = TOKEN.replace(" ", "-")
    process = subprocess.Popen(
        [*fakeNetworkServer.COMMAND, "serve", "--token-from", "env:T"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env={**os.environ, "T": token},
    )
    port = json.loads(process.stdout.readline())["port"]
    yield RemoteAddress(f"http://127.0.0.1:{port}", token)
    process.kill()
    process.communicate()


@pytest.fixture
def server(monkeypatch):
    made = ServerProcess(["/nowhere/no-server-of-this-computer"])
    monkeypatch.setattr(ServerProcess, "shared", lambda: made)
    yield made
    made.stop()


def test_panelUsesTheTypedServerAndRemembersIt(gui, home, remote, server):
    panel = gui.openModule(MODULE)
    ui = panel.ui
    ui.advancedButton.collapsed = False
    ui.remoteUrlLineEdit.text = remote.url
    ui.remoteTokenLineEdit.text = remote.token
    assert not ui.insecureServerCheckBox.visible
    widgetDriver.click(ui.useRemoteButton)
    gui.waitUntil(lambda: "Ready" in ui.serverStatusLabel.text, TIMEOUT)
    assert RemoteAddress.load() == remote
    assert stat.S_IMODE((home / "remote-server.json").stat().st_mode) == 0o600
    gui.closeModules()
    panel = gui.openModule(MODULE)
    assert panel.ui.remoteUrlLineEdit.text == remote.url
    assert not panel.ui.installationButton.visible
    panel.ui.advancedButton.collapsed = False
    panel.ui.remoteUrlLineEdit.text = ""
    widgetDriver.click(panel.ui.useRemoteButton)
    assert RemoteAddress.load() is None
    assert server.remote is None


def test_sceneHoldsNeitherAddressNorToken(gui, home, remote, server, tmp_path):
    remote.save()
    gui.openModule(MODULE)
    path = tmp_path / "scene.mrml"
    slicer.util.saveScene(str(path))
    text = path.read_text()
    assert "MedSAMSeg" in text
    assert remote.token not in text
    assert remote.url not in text


def test_remoteServerOutlivesItsUsers(host, home, remote, server):
    server.remote = remote
    server.client()
    server.stop()
    assert remote.connect().health()["protocol"] == 1


@pytest.mark.parametrize(
    ("url", "isPrivate"),
    [
        ("https://computer", True),
        ("http://127.0.0.1:1", True),
        ("http://localhost:1", True),
        ("http://[::1]:1", True),
        ("http://192.168.1.4:8000", False),
        ("http://computer", False),
        ("http://localhost.example", False),
    ],
)
def test_imagesDoNotTravelUnencryptedUnasked(url, isPrivate):
    address = RemoteAddress(url, "x")
    assert address.isPrivate == isPrivate
    if not isPrivate:
        with pytest.raises(UserError) as caught:
            address.connect()
        assert caught.value.code == "encryption_required"


@pytest.mark.parametrize("wrong", ["token", "port"])
def test_whatIsWrongIsSaid(host, home, remote, server, wrong):
    url = "http://127.0.0.1:9" if wrong == "port" else remote.url
    server.remote = RemoteAddress(url, "wrong")
    with pytest.raises(UserError) as caught:
        server.client()
    assert caught.value.code == {"token": "unauthorized", "port": "server_unavailable"}[wrong]
    assert not server.isRunning


@pytest.mark.parametrize("content", ["", "[]", '{"url": "x"}'])
def test_damagedMemoryIsForgotten(home, content):
    (home / "remote-server.json").write_text(content)
    assert RemoteAddress.load() is None
    with contextlib.suppress(UserError):
        RemoteAddress("https://a", "b").save()
    assert RemoteAddress.load() == RemoteAddress("https://a", "b")

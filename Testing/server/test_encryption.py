"""A server that other computers reach speaks TLS; and its token is found neither in the process list nor in the log."""

import contextlib
import http.client
import json
import ssl
import subprocess
from pathlib import Path

import psutil
import pytest
from server_process import FAKE_PROGRAM, WAIT, RunningServer

TOKEN = "a-token-that-nobody-may-see"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    return folder


@pytest.fixture
def start(store):
    started = []

    def start_process(*options):
        environment = [("SECRET", TOKEN)]
        started.append(RunningServer(FAKE_PROGRAM, *options, "--token-from", "env:SECRET", environment=environment))
        return started[-1]

    yield start_process
    for process in started:
        process.process.kill()
        process.process.communicate()


def test_server_with_a_certificate_answers_encrypted_only(start, certificate):
    server = start(
        "--host", "0.0.0.0", "--tls-certificate", certificate / "certificate.pem", "--tls-key", certificate / "key.pem"
    )
    assert server.ready["scheme"] == "https"
    context = ssl.create_default_context(cafile=certificate / "certificate.pem")
    address = ("127.0.0.1", server.ready["port"])
    with contextlib.closing(http.client.HTTPSConnection(*address, timeout=WAIT, context=context)) as connection:
        connection.request("GET", "/v1/health", headers={"Authorization": f"Bearer {TOKEN}"})
        assert json.loads(connection.getresponse().read())["protocol"] == 1
    plain = contextlib.closing(http.client.HTTPConnection(*address, timeout=WAIT))
    with plain as connection, pytest.raises((http.client.HTTPException, OSError)):
        connection.request("GET", "/v1/health")
        connection.getresponse()


def test_token_is_seen_neither_in_the_process_list_nor_in_the_log(start):
    server = start()
    assert server.ask("GET", "/v1/health", token=TOKEN)[0] == 200
    assert server.ask("GET", f"/v1/{TOKEN[::-1]}", token=TOKEN)[0] == 404
    assert server.ask("GET", "/v1/health", token=TOKEN[:-1])[0] == 401
    process = psutil.Process(server.process.pid)
    assert not any(TOKEN in word for word in process.cmdline())
    server.process.terminate()
    _status, output, errors = server.end()
    assert TOKEN not in output + errors + json.dumps(server.ready)
    assert TOKEN[:-1] not in errors


def test_sources_load_no_pickles():
    """Arrays and weights are read without running what is in them."""
    for path in (Path(__file__).parents[2] / "server" / "medsamseg_server").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "allow_pickle=True" not in text, path
        assert "weights_only=False" not in text, path
        assert "pickle.load" not in text, path
        assert "extractall" not in text, path

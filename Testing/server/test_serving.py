"""The server as a process: how it starts, what it prints, who may talk to it, and how it ends."""

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest
from server_fakes import IDENTITY_WINDOW, ROD_BOX, npy, rod
from server_process import FAKE_PROGRAM, RunningServer

from medsamseg_server.cli import main
from medsamseg_server.errors import MedSAMSegError
from medsamseg_server.serving import process
from medsamseg_server.serving.group.users_file import Quota, add_user, revoke_user
from medsamseg_server.serving.listening import listen
from medsamseg_server.serving.token_source import StandardInput, read_token

#: Slices of a volume that is not done before a test has ended the server.
LONG = 5000


@pytest.fixture
def start(store):
    started = []

    def start_process(*options, **how):
        started.append(RunningServer(FAKE_PROGRAM, *options, **how))
        return started[-1]

    yield start_process
    for server in started:
        server.process.kill()
        server.process.communicate()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A server for tests that only ask it."""
    home = {"MEDSAMSEG_HOME": str(tmp_path_factory.mktemp("home"))}
    server = RunningServer(FAKE_PROGRAM, environment=home.items(), stdin=subprocess.DEVNULL)
    yield server
    server.process.kill()
    server.process.communicate()


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A server that is told its token, limits and where to listen."""
    environment = {"MEDSAMSEG_HOME": str(tmp_path_factory.mktemp("home")), "MEDSAMSEG_TOKEN": "s3cret-token"}
    options = ["--token-from", "env:MEDSAMSEG_TOKEN", "--upload-limit", "0.000001"]
    options += ["--host", "0.0.0.0", "--insecure-remote"]
    server = RunningServer(FAKE_PROGRAM, *options, environment=environment.items())
    yield server
    server.process.kill()
    server.process.communicate()


@pytest.fixture
def fail(home, monkeypatch, capsys):
    """Called with options of a server that cannot start, returns the error of the one line that it prints.

    In this process; `test_port_in_use_is_told` sees one as its own.
    """
    monkeypatch.setattr(process, "_run", lambda *_: pytest.fail("the server has started"))

    def fail_to_start(*options):
        assert main(["serve", *options]) != 0
        line, end = capsys.readouterr().out.split("\n")
        failure = json.loads(line)
        assert (failure["event"], end) == ("error", "")
        return failure["error"]

    return fail_to_start


def test_ready_line_says_where_the_server_answers(running):
    server, ready = running, running.ready
    assert (ready["event"], ready["host"], ready["protocol"]) == ("ready", "127.0.0.1", 1)
    assert (ready["model"], ready["device"], ready["pid"]) == ("litemedsam", "auto", server.process.pid)
    assert len(ready["token"]) >= 32
    status, health = server.ask("GET", "/v1/health")
    assert status == 200
    assert (health["version"], health["pid"]) == (ready["version"], ready["pid"])


def test_users_of_a_file_are_let_in_and_nobody_else(start, tmp_path):
    file = tmp_path / "users.json"
    token = add_user(file, "anna", Quota())
    server = start("--users", str(file), "--places", "2")
    assert "token" not in server.ready
    assert server.ready["users"] == 1
    assert server.ask("GET", "/v1/health", token=token)[0] == 200
    assert server.ask("GET", "/v1/health", token="x")[0] == 401
    revoke_user(file, "anna")
    assert server.ask("GET", "/v1/health", token=token)[0] == 401
    server.process.terminate()
    assert server.end()[0] == 0


def test_closing_standard_input_ends_the_server(start):
    server = start("--exit-with-stdin")
    assert server.ask("GET", "/v1/health")[0] == 200
    server.process.stdin.write(b"what is written here does not matter\n")
    server.process.stdin.close()
    server.process.stdin = None
    status, output, errors = server.end()
    assert (status, output) == (0, "")
    assert "Traceback" not in errors


def test_closing_standard_input_ends_a_server_that_is_still_loading_its_network(start):
    server = start("--endless-load", "--exit-with-stdin")
    while b"loading" not in server.process.stderr.readline():
        assert server.process.poll() is None
    server.process.stdin.close()
    server.process.stdin = None
    assert server.end()[0] == 0


def test_server_without_the_option_outlives_its_standard_input(running):
    """It is at its end before the server starts."""
    assert running.ask("GET", "/v1/health")[0] == 200


def test_standard_input_that_is_closed_already_ends_the_server(start):
    server = start("--exit-with-stdin", stdin=subprocess.DEVNULL)
    assert server.end()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_each_start_makes_its_own_token_and_a_signal_ends_the_server_calmly(start, running, number):
    server = start()
    assert server.ready["token"] != running.ready["token"]
    assert server.ask("GET", "/v1/health")[0] == 200
    server.process.send_signal(number)
    status, output, errors = server.end()
    assert status == {signal.SIGTERM: 0, signal.SIGINT: 130}[number]
    assert output == ""
    assert "Traceback" not in errors


@pytest.mark.parametrize("way", ["signal", "stdin"])
def test_end_while_a_stream_runs_tells_its_reader(start, way):
    server = start("--exit-with-stdin")
    path = server.upload(np.repeat(rod()[5:6], LONG, axis=0))
    request = {"window": IDENTITY_WINDOW, "prompts": [{"slice": LONG // 2, "box": ROD_BOX}]}
    connection = server.connect()
    headers = {"Authorization": f"Bearer {server.ready['token']}", "Content-Type": "application/json"}
    connection.request("POST", f"{path}/propagate", json.dumps(request), headers)
    reply = connection.getresponse()
    assert json.loads(reply.readline())["event"] == "start"
    assert json.loads(reply.readline())["slice"] == LONG // 2
    if way == "signal":
        server.process.terminate()
    else:
        server.process.stdin.close()
        server.process.stdin = None
    events = [json.loads(line) for line in reply.read().splitlines()]
    connection.close()
    assert events[-1]["event"] == "cancelled"
    assert events[-1]["slices"] == 1 + len(events[:-1]) < LONG
    assert server.end()[0] == 0


@pytest.mark.parametrize("token", ["x", "", "Bearer"])
def test_wrong_token_is_refused(running, token):
    status, reply = running.ask("GET", "/v1/health", token=f"{token} ")
    assert (status, reply["error"]["code"]) == (401, "unauthorized")


def test_wrong_host_is_refused(running):
    status, reply = running.ask("GET", "/v1/health", host="evil.example")
    assert (status, reply["error"]["code"]) == (400, "bad_host")
    assert running.ask("GET", "/v1/health", host=f"localhost:{running.ready['port']}")[0] == 200


def test_request_without_token_is_refused_before_its_body_is_sent(running):
    with contextlib.closing(running.connect()) as connection:
        connection.putrequest("PUT", f"/v1/volumes/{'0' * 64}")
        connection.putheader("Content-Length", str(10**9))
        connection.endheaders()
        assert connection.getresponse().status == 401


def test_token_from_the_environment_is_used_and_not_printed(start):
    server = start("--token-from", "env:MEDSAMSEG_TOKEN", environment={"MEDSAMSEG_TOKEN": "s3cret-token"}.items())
    assert "token" not in server.ready
    assert server.ask("GET", "/v1/health", token="s3cret-token")[0] == 200
    assert server.ask("GET", "/v1/health", token="other")[0] == 401
    server.process.terminate()
    _, output, errors = server.end()
    assert "s3cret-token" not in output + errors


def test_token_does_not_stay_in_the_environment(monkeypatch):
    monkeypatch.setenv("TOKEN_OF_THE_TESTS", "s3cret")
    assert read_token("env:TOKEN_OF_THE_TESTS", None) == "s3cret"
    assert "TOKEN_OF_THE_TESTS" not in os.environ


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_token_ends_with_the_first_line_of_standard_input(monkeypatch, tmp_path, end):
    (tmp_path / "stdin").write_bytes(b"s3cret-token" + end)
    with (tmp_path / "stdin").open("rb") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert read_token("stdin", StandardInput()) == "s3cret-token"


def test_token_from_standard_input_is_used_and_not_printed(start):
    server = start("--token-from", "stdin", "--exit-with-stdin", first_line=b"s3cret-token\r\n")
    assert server.ask("GET", "/v1/health", token="s3cret-token")[0] == 200
    server.process.stdin.close()
    server.process.stdin = None
    status, output, errors = server.end()
    assert status == 0
    assert "s3cret-token" not in output + errors


@pytest.mark.parametrize(
    ("options", "environment", "code", "words"),
    [
        (["--token-from", "env:NOT_SET"], {}, "token_missing", "NOT_SET"),
        (["--token-from", "env:EMPTY"], {"EMPTY": ""}, "token_missing", "EMPTY"),
        (["--token-from", "env:BAD"], {"BAD": "two words"}, "token_invalid", "BAD"),
        (["--token-from", "s3cret"], {}, "token_source_invalid", "env:NAME or stdin"),
        (["--token-from", "env:"], {}, "token_source_invalid", "env:NAME or stdin"),
        (["--host", "0.0.0.0"], {}, "token_required", "--token-from"),
        (["--host", ""], {}, "token_required", "--token-from"),
        (["--host", "no such host"], {}, "host_unknown", "no such host"),
        (["--host", "two..dots"], {}, "host_unknown", "two..dots"),
        (
            ["--host", "192.0.2.1", "--token-from", "env:T", "--insecure-remote"],
            {"T": "t"},
            "address_in_use",
            "192.0.2.1",
        ),
        (
            ["--host", "0.0.0.0", "--token-from", "env:T"],
            {"T": "t"},
            "encryption_required",
            "0.0.0.0",
        ),
        (["--tls-key", "key.pem"], {}, "tls_incomplete", "--tls-certificate"),
        (["--tls-key", "key.pem", "--tls-certificate", "none.pem"], {}, "tls_unusable", "none.pem"),
        (["--port", "70000"], {}, "port_invalid", "70000"),
        (["--model", "unet"], {}, "model_unknown", "unet"),
        (["--users", "missing.json"], {}, "users_file_missing", "missing.json"),
        (["--users", "missing.json", "--token-from", "stdin"], {}, "users_and_token", "--token-from"),
    ],
)
def test_failure_to_start_is_one_json_line_and_a_status(fail, monkeypatch, options, environment, code, words):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    error = fail(*options)
    assert error["code"] == code
    assert words in f"{error['message']} {error['hint']}"


@pytest.mark.parametrize("first_line", [b"\n", b""])
def test_no_token_on_standard_input_is_told(fail, monkeypatch, tmp_path, first_line):
    (tmp_path / "stdin").write_bytes(first_line)
    with (tmp_path / "stdin").open("rb") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        error = fail("--token-from", "stdin")
    assert error["code"] == "token_missing"
    assert "standard input" in error["message"]


def test_port_in_use_is_told(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = start("--port", str(port))
    assert server.ready["error"]["code"] == "address_in_use"
    assert str(port) in server.ready["error"]["message"]
    status, output, errors = server.end()
    assert status != 0
    assert output == ""
    assert "Traceback" not in errors


def test_every_address_is_listened_on_with_a_token(told):
    assert told.ready["host"] == "0.0.0.0"
    assert told.ask("GET", "/v1/health", token="s3cret-token", host="192.0.2.7")[0] == 200
    assert told.ask("GET", "/v1/health", token="s3cret-token", host="evil.example")[0] == 400


def test_port_that_was_just_closed_can_be_taken_again():
    first = listen("127.0.0.1", 0, has_token=False)
    first.listen()
    port = first.getsockname()[1]
    client = socket.create_connection(("127.0.0.1", port))
    accepted, _ = first.accept()
    accepted.close()
    first.close()
    client.close()
    listen("127.0.0.1", port, has_token=False).close()


def test_two_servers_never_share_a_port():
    first = listen("127.0.0.1", 0, has_token=False)
    first.listen()
    with pytest.raises(MedSAMSegError) as caught:
        listen("127.0.0.1", first.getsockname()[1], has_token=False)
    assert caught.value.code == "address_in_use"
    first.close()


def test_limits_come_from_the_command_line(told):
    body = npy(rod())
    path = f"/v1/volumes/{hashlib.sha256(body).hexdigest()}"
    status, reply = told.ask("PUT", path, body, token="s3cret-token")
    assert (status, reply["error"]["code"]) == (413, "body_too_large")


def test_one_connection_serves_many_requests(running):
    with contextlib.closing(running.connect()) as connection:
        for _ in range(5):
            assert running.ask("GET", "/v1/health", connection=connection)[0] == 200


def test_starting_imports_nothing_that_only_other_work_needs():
    """Torch takes 300 MB and three seconds; what reads image files 100 MB and one, of each server and command."""
    code = (
        "import sys, medsamseg_server.cli.command_line, medsamseg_server.serving.process, medsamseg_server.serving.app;"
        "print({'torch', 'SimpleITK', 'nibabel', 'scipy', 'pydicom', 'highdicom'}.intersection(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "set()\n"

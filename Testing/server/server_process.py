"""A server as a process of its own, and a client of it."""

import contextlib
import hashlib
import http.client
import json
import os
import subprocess
import sys
from pathlib import Path

from server_fakes import npy
from waiting import waitUntil

#: Seconds; a busy machine takes its time to start a process.
WAIT = 60
PROGRAM = [sys.executable, "-m", "medsamseg_server", "serve"]
FAKE_PROGRAM = [sys.executable, str(Path(__file__).with_name("fake_server.py"))]


class RunningServer:
    """A server process; `ready` is its first line."""

    def __init__(self, program, *options, environment=(), first_line=None, stdin=subprocess.PIPE):
        self.process = subprocess.Popen(
            [*program, *options],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **dict(environment)},
            bufsize=0,
        )
        if first_line is not None:
            self.process.stdin.write(first_line)
        self.ready = json.loads(self.process.stdout.readline())

    def connect(self):
        return http.client.HTTPConnection(self.ready["host"], self.ready["port"], timeout=WAIT)

    def ask(self, method, path, body=None, token=None, host=None, connection=None):
        if connection is None:
            with contextlib.closing(self.connect()) as connection:
                return self.ask(method, path, body, token, host, connection)
        headers = {"Authorization": f"Bearer {token or self.ready.get('token')}", "Content-Type": "application/json"}
        if host:
            headers["Host"] = host
        connection.request(method, path, body, headers)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read() or b"null")

    def stream(self, path, body):
        """Return all events of a propagation."""
        headers = {"Authorization": f"Bearer {self.ready['token']}", "Content-Type": "application/json"}
        with contextlib.closing(self.connect()) as connection:
            connection.request("POST", path, body, headers)
            return [json.loads(line) for line in connection.getresponse().read().splitlines()]

    def upload(self, array):
        body = npy(array)
        path = f"/v1/volumes/{hashlib.sha256(body).hexdigest()}"
        assert self.ask("PUT", path, body)[0] == 201
        return path

    def wait_until(self, condition):
        """Ask now and then until `condition` holds."""
        waitUntil(condition, WAIT)

    def end(self):
        """Wait for the end; return exit status, the rest of standard output, and standard error."""
        output, errors = self.process.communicate(timeout=WAIT)
        return self.process.returncode, output.decode(), errors.decode()

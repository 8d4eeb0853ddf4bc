"""A client of the application behind a real socket."""

import hashlib
import http.client
import json
import threading

from server_fakes import IDENTITY_WINDOW, ROD_BOX, TOKEN, npy

WAIT = 20


class Connection:
    """One client of the live server; every request has its own connection, until `close`."""

    def __init__(self, port, token=TOKEN):
        self._port = port
        self.token = token
        self._connections = []

    def close(self):
        for connection in self._connections:
            connection.close()

    def send(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=WAIT)
        self._connections.append(connection)
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request(method, path, data, headers)
        return connection, connection.getresponse()

    def ask(self, method, path, body=None):
        connection, reply = self.send(method, path, body)
        content = reply.read()
        connection.close()
        return reply.status, json.loads(content) if content else None

    def upload(self, array):
        body = npy(array)
        path = f"/v1/volumes/{hashlib.sha256(body).hexdigest()}"
        status, _ = self.ask("PUT", path, body)
        assert status == 201
        return path

    def propagate(self, path, **options):
        request = {"window": IDENTITY_WINDOW, "prompts": [{"slice": 5, "box": ROD_BOX}], **options}
        return self.stream(f"{path}/propagate", request)

    def stream(self, path, request):
        """Return the events that a request is answered with."""
        connection, reply = self.send("POST", path, request)
        assert reply.status == 200, reply.read()
        assert reply.getheader("content-type").startswith("application/x-ndjson")
        return Stream(connection, reply)

    def click(self, path, slice_index, **options):
        prompts = [{"box": ROD_BOX}]
        request = {"window": IDENTITY_WINDOW, "slice": slice_index, "prompts": prompts, **options}
        return self.ask("POST", f"{path}/segment", request)


class Stream:
    """The events of a propagation, one at a time."""

    def __init__(self, connection, reply):
        self._connection = connection
        self._reply = reply

    def next(self):
        line = self._reply.readline()
        return json.loads(line) if line else None

    def rest(self):
        events = []
        while (event := self.next()) is not None:
            events.append(event)
        self.close()
        return events

    def close(self):
        self._reply.close()
        self._connection.close()


class Noticed:
    """Tells when the scheduler was asked to do something."""

    def __init__(self, monkeypatch, scheduler, name):
        self.happened = threading.Event()
        original = getattr(scheduler, name)

        def noticed(*arguments):
            result = original(*arguments)
            self.happened.set()
            return result

        monkeypatch.setattr(scheduler, name, noticed)

    def wait(self):
        assert self.happened.wait(WAIT)

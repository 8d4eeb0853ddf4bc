"""Requests that no client of ours would send, to a real server process: no 500, no hang, and it still works."""

import http.client
import json
import random
from collections import Counter

from server_fakes import IDENTITY_WINDOW, ROD_BOX, npy, rod
from server_process import FAKE_PROGRAM, RunningServer

HANG_SECONDS = 20.0
NUMBERS = [0, -1, 1, 5, 0.5, -0.0, 1e308, -1e308, 2**31, -(2**63), 2**70, float("nan"), float("inf"), 10**400, 10**4000]
DEPTHS = [200, 900, 5000, 100_000]
# Harmless, and none of them on the list of types that the server reads.
ARRAY_TYPES = [
    "'i2'",
    "'<i3'",
    "'<c8'",
    "'=i2'",
    "'<f16'",
    "'int16'",
    "'text'",
    "'<M8[s]'",
    "[('a', '<i2')]",
    "('<i2', 2)",
    "7",
]
ARRAY_SIZES = [
    "2",
    "-1",
    "0",
    "1e3",
    "0x2",
    "2_0",
    "2.0",
    "9" * 18,
    "9" * 19,
    "9" * 3000,
    "(" * 300 + ")" * 300,
    "None",
]
LONGEST_MESSAGE = 500
TEXTS = ["", "auto", "lung", "\x00", "ü\ud800", "../../etc/passwd", "x" * 5000, "1,2", "nan,nan", "-1,0", "1e400,3"]
PATHS = ["/", "/v1", "/v1/health", "/v1/models", "/v1/openapi.json", "/v1/volumes/", "/v1/volumes/..%2f", "/v1/jobs/x"]
METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW"]


class BadInputs:
    """Sends made-up requests one after the other.

    :param home: folder for the server's data.
    :param requests: how many.
    """

    def __init__(self, home, requests=5000, seed=0):
        self._requests = requests
        self._home = home
        self._chance = random.Random(seed)
        self.counts = Counter(requests=0, http_500=0, hangs=0, long_errors=0)

    def run(self):
        """:return: dict of figures."""
        server = RunningServer(FAKE_PROGRAM, environment=[("MEDSAMSEG_HOME", str(self._home))])
        self._connection = server.connect()
        try:
            self._volume = server.upload(rod())
            for _ in range(self._requests):
                self._send(server)
            status, _ = server.ask("GET", "/v1/health")
            self.counts["server_died"] = int(status != 200)
        finally:
            self._connection.close()
            server.process.kill()
            server.process.communicate()
        return dict(self.counts)

    def _send(self, server):
        method, path, body, headers = self._request()
        headers["Authorization"] = f"Bearer {server.ready['token']}"
        self.counts["requests"] += 1
        try:
            self._connection.timeout = HANG_SECONDS
            self._connection.request(method, path, body, headers)
            reply = self._connection.getresponse()
            content = reply.read()
        except TimeoutError:
            self.counts["hangs"] += 1
            self._connectAnew(server)
            return
        except (http.client.HTTPException, OSError):
            # The server may close a connection on which it cannot understand more.
            self.counts["closed"] += 1
            self._connectAnew(server)
            return
        self.counts["http_500"] += reply.status == 500
        self.counts[f"status_{reply.status}"] += 1
        if reply.status >= 400 and content:
            self.counts["long_errors"] += len(json.loads(content)["error"]["message"]) > LONGEST_MESSAGE
        if reply.will_close:
            self._connectAnew(server)

    def _connectAnew(self, server):
        self._connection.close()
        self._connection = server.connect()

    def _request(self):
        kind = self._chance.choice(["segment", "propagate", "encodings", "array", "anything"])
        if kind == "array":
            return "PUT", f"/v1/volumes/{self._chance.choice(['0' * 64, 'g', self._volume[-64:]])}", self._array(), {}
        if kind == "anything":
            path = self._chance.choice([*PATHS, self._volume, f"{self._volume}/encodings"])
            return self._chance.choice(METHODS), path, self._noise(200), self._headers()
        body = self._damaged(_valid(kind))
        try:
            text = json.dumps(body, ensure_ascii=self._chance.random() < 0.5).encode("utf-8", "surrogatepass")
        except ValueError:
            text = b"{}"
        if self._chance.random() < 0.1:
            text = text[: self._chance.randrange(len(text))]
        if self._chance.random() < 0.05:
            depth, bracket = self._chance.choice(DEPTHS), self._chance.choice(["[]", "{}"])
            opening = bracket[0] if bracket == "[]" else '{"prompts":'
            text = f"{opening * depth}1{bracket[1] * depth}".encode()
        return "POST", f"{self._volume}/{kind}", text, {"Content-Type": "application/json"}

    def _headers(self):
        names = ["Content-Type", "Accept", "Range", "Expect", "X-Anything", "Accept-Encoding"]
        return {self._chance.choice(names): self._chance.choice(["", "*/*", "bytes=0-", "gzip", "x" * 3000])}

    def _array(self):
        whole = npy(rod(2, 8))
        choice = self._chance.randrange(6)
        if choice >= 4:
            return self._described_array()
        if choice == 0:
            return self._noise(400)
        if choice == 1:
            return whole[: self._chance.randrange(len(whole))]
        damaged = bytearray(whole)
        for _ in range(self._chance.randrange(1, 6)):
            damaged[self._chance.randrange(128 if choice == 2 else len(damaged))] = self._chance.randrange(256)
        return bytes(damaged)

    def _described_array(self):
        """Return an array whose header has a type, an order or sizes that no writer would give."""
        shape = ", ".join(self._chance.choice(ARRAY_SIZES) for _ in range(self._chance.choice([0, 1, 3, 3, 3, 4])))
        order = self._chance.choice(["False", "True", "false", "0", "'" + "x" * 2000 + "'"])
        type_ = self._chance.choice([*ARRAY_TYPES, "'<i2'", "'|u1'"])
        header = f"{{'descr': {type_}, 'fortran_order': {order}, 'shape': ({shape})}}\n".encode()
        return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(8)

    def _noise(self, length):
        return self._chance.randbytes(self._chance.randrange(length))

    def _damaged(self, value):
        """Return a value with something in it replaced, left out, repeated or nested too deep."""
        if isinstance(value, dict) and value and self._chance.random() < 0.85:
            name = self._chance.choice(list(value))
            return {**value, name: self._damaged(value[name])}
        if isinstance(value, list) and value and self._chance.random() < 0.7:
            index = self._chance.randrange(len(value))
            return [*value[:index], self._damaged(value[index]), *value[index + 1 :]]
        return self._chance.choice(
            [
                lambda: self._chance.choice(NUMBERS),
                lambda: self._chance.choice(TEXTS),
                lambda: None,
                lambda: True,
                lambda: [],
                lambda: {},
                lambda: [value] * self._chance.randrange(1, 300),
                lambda: json.loads("[" * 200 + "]" * 200),
                lambda: [[10, 11, 1]] * self._chance.choice([64, 65, 200, 900]),
                lambda: [{"points": [[10, 11, 1]] * 64}] * self._chance.randrange(1, 40),
            ]
        )()


def _valid(kind):
    place = {"axis": 0, "slice": 5}
    if kind == "encodings":
        return {**place, "window": IDENTITY_WINDOW, "model": None}
    if kind == "segment":
        prompts = [{"box": list(ROD_BOX), "points": [[10, 11, 1]]}]
        return {**place, "prompts": prompts, "window": IDENTITY_WINDOW, "model": None, "cached_only": False}
    prompts = [{"slice": 5, "box": list(ROD_BOX)}]
    return {"axis": 0, "prompts": prompts, "window": IDENTITY_WINDOW, "first": 0, "last": 11, "direction": "both"}

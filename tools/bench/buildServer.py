"""A build's server as a process, asked over HTTP with what every build understands."""

import hashlib
import http.client
import io
import json
import os
import secrets
import subprocess
import time
from pathlib import Path

import numpy as np

WINDOW = "1500,-600"
_PATIENCE_SECONDS = 1800
_LOOK_AGAIN_SECONDS = 0.02


class BuildServer:
    """A server process with one connection that stays open.

    :param build: the Build.
    :param model: the default model.
    """

    def __init__(self, build, model):
        self.began = time.perf_counter()
        self._token = secrets.token_urlsafe(16)
        options = ["--token-from", "stdin", "--exit-with-stdin", "--model", model]
        self._process = subprocess.Popen(
            [build.python, "-m", "medsamseg_server", "serve", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=build.environment,
        )
        self._process.stdin.write(self._token.encode() + b"\n")
        self._process.stdin.flush()
        ready = json.loads(self._process.stdout.readline())
        self._connection = http.client.HTTPConnection(ready["host"], ready["port"], timeout=_PATIENCE_SECONDS)

    def upload(self, voxels):
        """Send voxels (K, J, I); return their key."""
        stream = io.BytesIO()
        np.save(stream, voxels)
        content = stream.getvalue()
        key = hashlib.sha256(content).hexdigest()
        self._ask("PUT", f"/v1/volumes/{key}", content)
        return key

    def segment(self, key, index, boxes):
        """Wait for the masks of boxes on a slice."""
        prompts = [{"box": box} for box in boxes]
        self._ask("POST", f"/v1/volumes/{key}/segment", {"slice": index, "window": WINDOW, "prompts": prompts})

    def encodeAll(self, key, index):
        """Wait until the slices of a volume are encoded, from one of them outward."""
        path = f"/v1/volumes/{key}/encodings"
        self._ask("POST", path, {"slice": index, "window": WINDOW})
        while self._ask("GET", path)["state"] == "running":
            time.sleep(_LOOK_AGAIN_SECONDS)

    def propagate(self, key, index, box, first, last):
        """Follow an object; return the number of its slices."""
        asked = {"prompts": [{"slice": index, "box": box}], "first": first, "last": last, "window": WINDOW}
        response = self._send("POST", f"/v1/volumes/{key}/propagate", asked)
        return sum(json.loads(line)["event"] == "slice" for line in response if line.strip())

    def processorSeconds(self):
        """Return the processor's seconds of all its threads so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Return (peak, now) of the resident size in MB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return tuple(int(fields[name].split()[0]) / 1024 for name in ("VmHWM", "VmRSS"))

    def end(self):
        """End the process."""
        self._connection.close()
        self._process.stdin.close()
        self._process.wait()

    def _ask(self, method, path, content=None):
        return json.loads(self._send(method, path, content).read())

    def _send(self, method, path, content=None):
        is_binary = isinstance(content, bytes)
        body = content if is_binary or content is None else json.dumps(content).encode()
        kind = "application/octet-stream" if is_binary else "application/json"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        if response.status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"{method} {path}: {response.status} {response.read().decode()}")
        return response

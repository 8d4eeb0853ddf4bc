"""Small real wheels, an index that serves them well or badly, and a server that stands on them."""

import base64
import hashlib
import shutil
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

#: For what happens in pip, in folders or in the panel, whichever Python runs it: the plain one with `make test-full`.
behindTheLauncher = pytest.mark.parametrize(
    "python", [pytest.param("plain", marks=pytest.mark.full), "launcher"], indirect=True
)


class Wheelhouse:
    """A folder of wheels with one module each, which has a ``VERSION``."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def add(self, name, version, fill=0):
        """Make a wheel; `fill` bytes make it larger."""
        path = self.folder / f"{name}-{version}-py3-none-any.whl"
        information = f"{name}-{version}.dist-info"
        files = {
            f"{name}/__init__.py": f"VERSION = {version!r}\n" + "#" * fill,
            f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{file},sha256={_recordHash(text)},{len(text)}\n" for file, text in files.items())
        with zipfile.ZipFile(path, "w") as wheel:
            for file, text in {**files, f"{information}/RECORD": record}.items():
                # With a fixed date, so that the same wheel has the same checksum.
                wheel.writestr(zipfile.ZipInfo(file), text)
        return path

    def requirement(self, name):
        """:return: a line of a requirements file, with the wheel's checksum."""
        (path,) = self.folder.glob(f"{name}-*.whl")
        version = path.name.split("-")[1]
        return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class ServerSources:
    """Sources of a server whose program prints the versions of the wheels that it finds, and where they are."""

    PROGRAM = Path(__file__).with_name("fakeProgram.py")

    def __init__(self, folder, wheelhouse):
        self.folder = folder
        self.wheelhouse = wheelhouse
        (folder / "medsamseg_server").mkdir(parents=True)
        (folder / "requirements").mkdir()
        (folder / "medsamseg_server" / "__init__.py").touch()
        shutil.copy(self.PROGRAM, folder / "medsamseg_server" / "__main__.py")
        self.pin()

    def pin(self):
        """Require the wheels that are in the wheelhouse now."""
        for file, name in (("base.txt", "base_part"), ("torch.txt", "torch")):
            (self.folder / "requirements" / file).write_text(self.wheelhouse.requirement(name))


class Index:
    """A package index on this computer that can keep a download waiting."""

    def __init__(self, wheelhouse):
        self.wheelhouse = wheelhouse
        self.isHolding = False
        self.held = threading.Event()
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}/simple/"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(index):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.strip("/").split("/")[-1]
                if name.endswith(".whl"):
                    self._sendFile(index.wheelhouse.folder / name)
                else:
                    wheels = index.wheelhouse.folder.glob(f"{name.replace('-', '_')}-*.whl")
                    self._send("".join(f'<a href="/files/{w.name}">{w.name}</a>' for w in wheels).encode(), "text/html")

            def _sendFile(self, path):
                content = path.read_bytes()
                if not index.isHolding:
                    self._send(content, "application/octet-stream")
                    return
                self._head(len(content), "application/octet-stream")
                self.wfile.write(content[: len(content) // 2])
                self.wfile.flush()
                index.held.set()
                index._released.wait()

            def _send(self, content, kind):
                self._head(len(content), kind)
                self.wfile.write(content)

            def _head(self, length, kind):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(length))
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler


def _recordHash(text):
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()

"""A disk that takes no more, simulated by a limit on the size of files: answers stay right, weights whole or absent."""

import os
import resource
import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
from server_process import FAKE_PROGRAM, RunningServer
from soakVolumes import BOX, WINDOW, makeVolume, rightMask

from MedSAMSegLib.client.npyUpload import NpyUpload
from MedSAMSegLib.client.serverClient import ServerClient
from MedSAMSegLib.volumes.slicePrompt import SlicePrompt

LIMIT = 100_000


class FullDisk:
    """Clicks while the cache cannot be written, and a download of weights that cannot be kept.

    :param home: folder of all data.
    :param clicks: how many.
    """

    def __init__(self, home, clicks=200):
        self._home = home
        self._clicks = clicks
        self.counts = Counter(full_disk_clicks=0, wrong_masks=0, half_files=0)

    def run(self):
        """:return: dict of figures."""
        # Inherited by the processes that are started now; Python turns the signal into an error.
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
        try:
            server = RunningServer(FAKE_PROGRAM, environment=[("MEDSAMSEG_HOME", str(self._home))])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        try:
            self._click(ServerClient(f"http://127.0.0.1:{server.ready['port']}", server.ready["token"]))
            self.counts["server_died"] = int(server.process.poll() is not None)
        finally:
            server.process.kill()
            server.process.communicate()
        self._download()
        self.counts["half_files"] += len(list((self._home / "embeddings").glob("*.embedding")))
        return dict(self.counts)

    def _click(self, client):
        voxels = makeVolume(1)
        key = client.uploadVolume(NpyUpload(voxels)).key
        for number in range(self._clicks):
            index = number % len(voxels)
            mask = client.segment(key, [SlicePrompt(0, index, BOX)], WINDOW).masks[0]
            right = rightMask(voxels[index])
            self.counts["wrong_masks"] += int(mask.voxelCount != np.count_nonzero(right))
            self.counts["full_disk_clicks"] += 1

    def _download(self):
        """The program says in words that the weights cannot be written, and leaves no file under their name."""
        with _Weights() as url:
            (self._home / "weights" / "lite_medsam.pth").unlink()
            environment = {**os.environ, "MEDSAMSEG_HOME": str(self._home)}
            command = ["-m", "medsamseg_server", "models", "download", "litemedsam", "--yes", "--json", "--from", url]
            limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({LIMIT}, {LIMIT}));"
            start = f"{limit} import sys; sys.argv[1:] = {command[2:]!r}; import runpy;"
            start += " runpy.run_module('medsamseg_server', run_name='__main__', alter_sys=True)"
            result = subprocess.run(
                [sys.executable, "-c", start], env=environment, capture_output=True, text=True, check=False
            )
        self.counts["refusals"] = int('"code"' in result.stdout and "Traceback" not in result.stderr)
        self.counts["half_files"] += (self._home / "weights" / "lite_medsam.pth").exists()


class _Weights:
    """A web server that gives a file of the size of LiteMedSAM's weights."""

    SIZE = 39_370_479

    def __enter__(self):
        size = self.SIZE

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(size))
                self.end_headers()
                try:
                    self.wfile.write(bytes(size))
                except OSError:
                    self.close_connection = True

            def log_message(self, *_):
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}/lite_medsam.pth"

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

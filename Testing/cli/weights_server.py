"""A web server on this computer that gives one file, well or badly, as told."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class WeightsServer:
    """Serves `content` at every address, in the manner that its attributes say; notes each request's headers."""

    def __init__(self, content):
        self.content = content
        self.status = 200
        self.etag = '"one"'
        self.honours_ranges = True
        self.announces_length = True
        self.breaks_after = []  # for each next request: after how many bytes the connection breaks
        self.hangs_after = None  # bytes after which the server waits until it is stopped
        self.hanging = threading.Event()
        self.requests = []
        self._stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def url(self, name="lite_medsam.pth"):
        return f"http://127.0.0.1:{self._server.server_port}/{name}"

    @property
    def ranges(self):
        return [headers.get("Range") for headers in self.requests]

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _make_handler(server):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                server.requests.append(dict(self.headers))
                server._answer(self)

            def log_message(self, *_):
                pass

        return Handler

    def _answer(self, request):
        request.close_connection = True
        if self.status != 200:
            request.send_error(self.status)
            return
        start = self._requested_start(request)
        if start >= len(self.content):
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        if self.announces_length:
            request.send_header("Content-Length", str(len(self.content) - start))
        request.send_header("ETag", self.etag)
        request.end_headers()
        body = self.content[start:]
        if self.breaks_after:
            body = body[: self.breaks_after.pop(0)]
        if self.hangs_after is not None:
            request.wfile.write(body[: self.hangs_after])
            request.wfile.flush()
            self.hanging.set()
            self._stopping.wait()
            return
        request.wfile.write(body)

    def _requested_start(self, request):
        match = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        unchanged = request.headers.get("If-Range", self.etag) == self.etag
        return int(match[1]) if match and self.honours_ranges and unchanged else 0

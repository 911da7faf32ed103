"""Owns showing what is sent: a moving picture for browsers of this machine, on loopback."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

HOST = "127.0.0.1"
BOUNDARY = b"picture"
WAIT_SECONDS = 1.0
MOST_VIEWERS = 8
PAGE = (
    b"<!doctype html><title>Framewise camera</title><img src=stream alt='what the camera sends' style='max-width:100%'>"
)


class Preview:
    """Serves the newest picture; a slow viewer skips some. Use it as a context manager."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._newest = b""
        self._number = 0
        self._over = False
        self.viewers = threading.BoundedSemaphore(MOST_VIEWERS)
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, name="preview", daemon=True)

    @property
    def url(self) -> str:
        """Where to look."""
        return f"http://{HOST}:{self._server.server_port}/"

    def show(self, jpeg: bytes) -> None:
        """A new picture."""
        with self._changed:
            self._newest, self._number = jpeg, self._number + 1
            self._changed.notify_all()

    def after(self, number: int) -> tuple[int, bytes] | None:
        """The newest picture and its number, once there is one after `number`; None at the end."""
        with self._changed:
            while self._number <= number and not self._over:
                self._changed.wait(WAIT_SECONDS)
            return None if self._over else (self._number, self._newest)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, preview: Preview) -> None:
        self.preview = preview
        super().__init__((HOST, 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    """Answers browsers that ask by the address itself: a page elsewhere cannot reach it by a name of its own."""

    timeout = 30

    def do_GET(self) -> None:
        """The page, or the stream in it."""
        preview = self.server.preview  # type: ignore[attr-defined]
        if self.headers.get("Host", "").partition(":")[0] not in (HOST, "localhost"):
            self.send_error(403)
        elif self.path == "/":
            self._head("text/html; charset=utf-8", len(PAGE))
            self.wfile.write(PAGE)
        elif self.path != "/stream":
            self.send_error(404)
        elif not preview.viewers.acquire(blocking=False):
            self.send_error(503)
        else:
            try:
                self._stream(preview)
            except OSError:
                self.close_connection = True  # the viewer has gone
            finally:
                preview.viewers.release()

    def _stream(self, preview: Preview) -> None:
        self._head(f"multipart/x-mixed-replace; boundary={BOUNDARY.decode()}", None)
        number = 0
        while (found := preview.after(number)) is not None:
            number, jpeg = found
            head = b"--%b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % (BOUNDARY, len(jpeg))
            self.wfile.write(head + jpeg + b"\r\n")

    def _head(self, kind: str, length: int | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "no-store")
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's own name
        """Say nothing: the terminal is the camera's."""

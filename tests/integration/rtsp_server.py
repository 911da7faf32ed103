"""A small RTSP server for tests: one stream, in the client's own connection, whose packets a real encoder makes."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class RtspServer:
    """Where it listens, and what it was asked. `redirect` sends everybody elsewhere."""

    clip: Path
    folder: Path
    listener: socket.socket
    redirect: str | None = None
    asked: list[str] = field(default_factory=list)

    def url(self, user: str = "") -> str:
        """The address of the stream."""
        return f"rtsp://{user}127.0.0.1:{self.listener.getsockname()[1]}/one"

    def run(self) -> None:
        """Serve one client after the other until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                with client, suppress(OSError):
                    self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        with client.makefile("rb") as lines, closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as rtp:
            rtp.bind(("127.0.0.1", 0))
            encoder = self._encoder(rtp.getsockname()[1])
            try:
                while request := self._request(lines):
                    self._answer(client, *request)
                    if request[0] == "PLAY":
                        self._forward(rtp, client)
            finally:
                encoder.kill()
                encoder.wait()

    def _encoder(self, port: int) -> "subprocess.Popen[bytes]":
        command = ["ffmpeg", "-v", "quiet", "-re", "-stream_loop", "-1", "-i", str(self.clip), "-an"]
        command += ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "10", "-f", "rtp"]
        self._sdp.unlink(missing_ok=True)
        command += ["-sdp_file", str(self._sdp), f"rtp://127.0.0.1:{port}?pkt_size=1200"]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL)

    @property
    def _sdp(self) -> Path:
        return self.folder / "stream.sdp"

    def _request(self, lines: object) -> tuple[str, dict[str, str]] | None:
        first = lines.readline().decode().split()  # type: ignore[attr-defined]
        if not first:
            return None
        headers: dict[str, str] = {}
        while line := lines.readline().decode().strip():  # type: ignore[attr-defined]
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        self.asked.append(first[0])
        return first[0], headers

    def _answer(self, client: socket.socket, method: str, headers: dict[str, str]) -> None:
        body, more, status = "", "", "200 OK"
        if self.redirect is not None:
            status, more = "302 Moved", f"Location: {self.redirect}\r\n"
        elif method == "OPTIONS":
            more = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        elif method == "DESCRIBE":
            body = self._description()
            more = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        elif method == "SETUP":
            more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
        client.sendall(f"RTSP/1.0 {status}\r\nCSeq: {headers['cseq']}\r\n{more}\r\n{body}".encode())

    def _description(self) -> str:
        for _ in range(200):
            if self._sdp.exists() and "a=fmtp" in (text := self._sdp.read_text()):
                return text.split("\n", 1)[1] if text.startswith("SDP:") else text
            threading.Event().wait(0.05)
        raise OSError("the encoder has not begun")

    @staticmethod
    def _forward(rtp: socket.socket, client: socket.socket) -> None:
        rtp.settimeout(5)
        while True:
            packet = rtp.recv(2048)
            client.sendall(b"$\x00" + len(packet).to_bytes(2) + packet)


@contextmanager
def rtsp_server(clip: Path, folder: Path, redirect: str | None = None) -> Iterator[RtspServer]:
    """A running server."""
    server = RtspServer(clip, folder, socket.create_server(("127.0.0.1", 0)), redirect)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        thread.join(10)

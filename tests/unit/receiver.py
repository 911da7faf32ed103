"""A real receiver of traces: OTLP over HTTP on loopback."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    """What was received of a span; ids are hexadecimal, `parent` is empty for the first of a trace."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    failed: bool
    attributes: dict[str, str]


@dataclass
class Receiver:
    """The receiver: where it is, and what it was sent. `answer` is the status it answers with."""

    url: str = ""
    answer: int = 200
    spans: list[Span] = field(default_factory=list)

    def of_trace(self, trace: str) -> list[Span]:
        """The spans of one trace."""
        return [span for span in list(self.spans) if span.trace == trace]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            receiver.spans += _spans(ExportTraceServiceRequest.FromString(body))
            self.send_response(receiver.answer)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for source in request.resource_spans:
        service = next(a.value.string_value for a in source.resource.attributes if a.key == "service.name")
        for span in (span for scope in source.scope_spans for span in scope.spans):
            attributes = {a.key: a.value.string_value or str(a.value.int_value) for a in span.attributes}
            ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
            yield Span(service, span.name, *ids, span.status.code == 2, attributes)

"""Owns traces: spans from a submission to its stored results, sent by OTLP over HTTP when an exporter is set.

Without OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) nothing is imported and a span costs nothing. The other
standard variables (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_BSP_…, OTEL_TRACES_SAMPLER) hold as well.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SEND_SECONDS = 5.0
"""The longest a sending takes, and the end of a process waits for its last spans."""
DELAY_VARIABLE, DELAY_MS = "OTEL_BSP_SCHEDULE_DELAY", 1000.0
"""Spans wait so long for others: less than the default, for Spark ends its workers without notice."""

Kind = Literal["server", "internal", "producer", "consumer"]
Attributes = Mapping[str, str | int | float | bool]

_providers: list["TracerProvider"] = []
"""The provider of this process, if traces are sent."""


def start_tracing(service: str) -> None:
    """Send the spans of this process as `framewise-<service>`, if an exporter is set; a second call does nothing."""
    if _providers or not any(os.environ.get(name) for name in ENDPOINTS) or _disabled():
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    delay = None if DELAY_VARIABLE in os.environ else DELAY_MS
    name = os.environ.get("OTEL_SERVICE_NAME") or f"framewise-{service}"
    provider = TracerProvider(resource=Resource.create({"service.name": name}), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(timeout=SEND_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=delay))
    _providers.append(provider)


def _disabled() -> bool:
    return os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"


def is_tracing() -> bool:
    """Whether the spans of this process are sent."""
    return bool(_providers)


def stop_tracing() -> None:
    """Send what is left, for a few seconds at most."""
    while _providers:
        ending = threading.Thread(target=_providers.pop().shutdown, name="last-spans", daemon=True)
        ending.start()
        ending.join(SEND_SECONDS)


class SpanHere:
    """A span while it runs; without an exporter it does nothing."""

    def __init__(self, span: Any = None) -> None:
        self._span = span

    @property
    def traceparent(self) -> str | None:
        """How others name it as their parent (W3C Trace Context)."""
        if self._span is None:
            return None
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def note(self, **attributes: str | int | float | bool) -> None:
        """Add attributes; an underscore in a name stands for a dot."""
        if self._span is not None:
            self._span.set_attributes({name.replace("_", "."): value for name, value in attributes.items()})

    def rename(self, name: str) -> None:
        """Name it anew, once it is known what it is."""
        if self._span is not None:
            self._span.update_name(name)

    def failed(self, reason: str) -> None:
        """Mark it as an error."""
        if self._span is not None:
            from opentelemetry.trace import Status, StatusCode

            self._span.set_status(Status(StatusCode.ERROR, reason))


NOTHING = SpanHere()


@contextmanager
def span(
    name: str, parent: str | None = None, kind: Kind = "internal", attributes: Attributes | None = None
) -> Iterator[SpanHere]:
    """A span as long as the block; what the block raises is recorded and goes on.

    `parent` is a traceparent; without one it belongs to the span around it in this thread, or begins a trace.
    """
    if not _providers:
        yield NOTHING
        return
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
    tracer = _providers[0].get_tracer("framewise")
    with tracer.start_as_current_span(name, context, SpanKind[kind.upper()], attributes) as current:
        yield SpanHere(current)

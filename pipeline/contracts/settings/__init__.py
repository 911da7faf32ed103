"""Owns the settings: one frozen object a concern, read from `FRAMEWISE_…` once in each `main` and passed down."""

from pipeline.contracts.settings.analysis import (
    MEMORY,
    AnalysisSettings,
    ClusterSettings,
)
from pipeline.contracts.settings.base import (
    ROOT,
    wrong_settings,
)
from pipeline.contracts.settings.places import (
    OBJECT_STORES,
    LogSettings,
    PathSettings,
)
from pipeline.contracts.settings.reading import (
    IngestSettings,
    LiveSettings,
    RtmpSettings,
)
from pipeline.contracts.settings.servers import (
    ADVERTISED,
    CassandraSettings,
    KafkaSettings,
    S3Settings,
)
from pipeline.contracts.settings.service import (
    LOOPBACK,
    ApiSettings,
    WebhookSettings,
)

__all__ = [
    "ADVERTISED",
    "LOOPBACK",
    "MEMORY",
    "OBJECT_STORES",
    "ROOT",
    "AnalysisSettings",
    "ApiSettings",
    "CassandraSettings",
    "ClusterSettings",
    "IngestSettings",
    "KafkaSettings",
    "LiveSettings",
    "LogSettings",
    "PathSettings",
    "RtmpSettings",
    "S3Settings",
    "WebhookSettings",
    "wrong_settings",
]

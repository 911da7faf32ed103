"""Owns the secret that webhooks are signed with: from the settings, or made once and kept."""

import base64
import secrets
from pathlib import Path

from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import WebhookSettings
from pipeline.kept_secret import kept_secret

PREFIX = "whsec_"
SECRET_BYTES = 32
LEAST_BYTES = 24
FILE = "webhook.secret"


class SecretInvalid(FramewiseError):
    """A secret that cannot sign."""

    type = "webhook-secret"
    title = "The webhooks' secret cannot be used"


def load_secret(settings: WebhookSettings, data_dir: Path) -> str:
    """The secret as receivers need it, `whsec_…`; raises SecretInvalid."""
    if settings.webhook_secret:
        return _checked(settings.webhook_secret.get_secret_value(), "FRAMEWISE_WEBHOOK_SECRET")
    path = data_dir / FILE
    return _checked(kept_secret(path, _new), str(path))


def _new() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _checked(text: str, where: str) -> str:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if not text.startswith(PREFIX) or len(key) < LEAST_BYTES:
        raise SecretInvalid(f"{where} is not {PREFIX} and at least {LEAST_BYTES} bytes in Base64")
    return text

"""Owns the secret that webhooks are signed with: from the settings, or made once and kept."""

import base64
import os
import secrets
from pathlib import Path

from pipeline.contracts.errors import FramewiseError
from pipeline.contracts.settings import WebhookSettings

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
    if not path.exists():
        _make(path)
    return _checked(path.read_text().strip(), str(path))


def _make(path: Path) -> None:
    """Keep a new secret that nobody else can read; of several processes at once, one does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode() + "\n")
    try:
        os.link(new, path)
    except FileExistsError:
        return
    finally:
        new.unlink()


def _checked(text: str, where: str) -> str:
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if not text.startswith(PREFIX) or len(key) < LEAST_BYTES:
        raise SecretInvalid(f"{where} is not {PREFIX} and at least {LEAST_BYTES} bytes in Base64")
    return text

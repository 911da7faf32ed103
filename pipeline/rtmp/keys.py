"""Owns stream keys: 128 random bits that are shown once, kept as a hash; and the secret of the server's questions."""

import hashlib
import secrets
from pathlib import Path

from pipeline.kept_secret import kept_secret

KEY_BYTES = 16
SECRET_BYTES = 32


def new_key() -> str:
    """A key that nobody has, in 32 hexadecimal digits: nothing that a person or a URL could get wrong."""
    return secrets.token_hex(KEY_BYTES)


def hash_of(key: str) -> str:
    """What is kept of a key. So many random bits cannot be tried through, so it needs no salt."""
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()


def server_secret(data_dir: Path) -> str:
    """What the RTMP server and the services show each other; made once in a data folder, for its owner alone."""
    return kept_secret(data_dir / "rtmp.secret", lambda: secrets.token_hex(SECRET_BYTES))

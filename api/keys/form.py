"""Owns the form of a key, `fw_<id>_<secret>`, and how its secret is kept and compared."""

import hashlib
import hmac
import secrets

PREFIX = "fw"
ID_BYTES = 6
SECRET_BYTES = 32


def new_id() -> str:
    """An id; it is no secret and stands in logs and rows."""
    return secrets.token_hex(ID_BYTES)


def new_secret() -> str:
    """256 random bits."""
    return secrets.token_hex(SECRET_BYTES)


def written(key_id: str, secret: str) -> str:
    """A key as it is sent."""
    return f"{PREFIX}_{key_id}_{secret}"


def read(text: str) -> tuple[str, str] | None:
    """Id and secret of a key as it is sent; None when it has another form."""
    match text.split("_"):
        case [prefix, key_id, secret] if prefix == PREFIX and text.isascii() and key_id.isalnum() and secret:
            return key_id, secret
    return None


def digest(secret: str) -> str:
    """What is kept of a secret. SHA-256 is enough: nobody can try 2**256 values, so nothing need make trying slow."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(secret: str, kept: str) -> bool:
    """Whether a secret is the one that was kept; takes as long for any."""
    return hmac.compare_digest(digest(secret), kept)

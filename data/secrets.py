"""The instance's key, and what is sealed with it.

`secret.key` lies beside the database, never in it: a copied database opens nothing. It is made once, by whichever
process comes first, and never replaced. Purposes are kept apart by deriving one key for each from it.
"""

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_NAME = "secret.key"
KEY_BYTES = 32
NONCE_BYTES = 12
_DISTINCT_BYTES = 12  # 32 random bytes hold about 30 distinct ones; fewer than 12 has a chance below 1e-20


class SecretError(ValueError):
    """The key is absent, weak or readable by others, or a box does not open; the text never holds a secret."""


def ensure_key(folder: Path) -> bytes:
    """The instance's key of 32 bytes, made on first use (mode 0600). Raises SecretError where it is unfit."""
    path = folder / KEY_NAME
    if not os.path.lexists(path):
        _make(path)
    return load_key(folder)


def load_key(folder: Path) -> bytes:
    """Read and judge the key. Raises SecretError: missing, a link, readable by others, short or guessable."""
    path = folder / KEY_NAME
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise SecretError(f"{path}: {error.strerror}; expected a key file made by linli") from None
    with os.fdopen(handle, "rb") as file:
        mode = os.fstat(handle).st_mode
        text = file.read(1024)
    if not stat.S_ISREG(mode):
        raise SecretError(f"{path}: got no regular file; expected a key file made by linli")
    if mode & 0o077:
        raise SecretError(
            f"{path}: got mode {stat.S_IMODE(mode):04o}; expected 0600, readable by its owner only"
        )
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        raise SecretError(
            f"{path}: got text that is not hexadecimal; expected 64 hexadecimal digits"
        ) from None
    if len(key) != KEY_BYTES:
        raise SecretError(f"{path}: got {len(key)} bytes; expected {KEY_BYTES}")
    if len(set(key)) < _DISTINCT_BYTES:
        raise SecretError(f"{path}: got a key that can be guessed; expected {KEY_BYTES} random bytes")
    return key


def _make(path: Path) -> None:
    """Write a whole key under a name of our own, then give it its name only if nobody else did so before."""
    draft = path.with_name(f".{KEY_NAME}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(handle)
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was first; its key is the key
    finally:
        draft.unlink()


def derive(key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose: HKDF-Expand (RFC 5869) with one block, SHA-256."""
    return hmac.digest(key, purpose.encode() + b"\x01", hashlib.sha256)


class Sealer:
    """Seals and unseals text with AES-256-GCM; made once for many values.

    A box is nonce (12 random bytes), ciphertext and tag. `context` says what the text is and where it stands
    (a field of one fact, say) and is authenticated: a box moved elsewhere does not open.
    """

    def __init__(self, key: bytes):
        self._cipher = AESGCM(derive(key, "linli seal"))

    def seal(self, text: str, *, context: str) -> bytes:
        """The box of `text`; two boxes of one text differ."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode("utf-8", "surrogatepass"), context.encode())

    def unseal(self, box: bytes, *, context: str) -> str:
        """The text of a box. Raises SecretError where key, context or a single bit differ."""
        try:
            plain = self._cipher.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError):
            raise SecretError(
                f"{context}: got a box that does not open; expected this key and context"
            ) from None
        return plain.decode("utf-8", "surrogatepass")


def seal(key: bytes, text: str, *, context: str) -> bytes:
    """Seal one text; for many, make a Sealer."""
    return Sealer(key).seal(text, context=context)


def unseal(key: bytes, box: bytes, *, context: str) -> str:
    """Open one box; for many, make a Sealer. Raises SecretError."""
    return Sealer(key).unseal(box, context=context)


def keyed_hash(key: bytes, text: str, *, context: str) -> str:
    """A name for a value that can be compared but not read (a plate, a phone): HMAC-SHA-256, 64 hex digits."""
    purpose = derive(key, f"linli hash {context}")
    return hmac.digest(purpose, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()

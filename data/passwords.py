"""Passwords: argon2id hashes, made and compared at one cost."""

import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 1024

# RFC 9106, second recommended option. NOBODY is a hash at the same costs of a random, forgotten password.
COSTS = {"time_cost": 3, "memory_cost": 65536, "parallelism": 4}
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$Ln0bVshgu0CECexJTFWCYQ$u6nQmnkbhSwUoF0kNN66dYx4HnuqJ7MnTowjUonDY6I"


class PasswordError(ValueError):
    """A password is too short or too long."""


def hash_password(password: str) -> str:
    """The argon2id hash to store. Raises PasswordError where the password is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordError(f"password: got {len(password)} characters; expected {SHORTEST} or more")
    return _hasher().hash(unicodedata.normalize("NFKC", password))


def verify(stored: str, password: str) -> bool:
    """Whether a password is the one of a stored hash."""
    try:
        return _hasher().verify(stored, unicodedata.normalize("NFKC", password[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False


def _hasher() -> PasswordHasher:
    time, memory, lanes = COSTS["time_cost"], COSTS["memory_cost"], COSTS["parallelism"]
    return PasswordHasher(time_cost=time, memory_cost=memory, parallelism=lanes, type=Type.ID)

"""Who may do what: principals, and the secrets of a workspace."""

from .credentials import Credentials, KeyInfo
from .errors import AccessError, UnknownSecret, WrongKey
from .key import SecretKey, load_key
from .principal import LOCAL_OWNER, SCOPES, Principal
from .secrets import Secret, SecretInfo, SecretStore

__all__ = [
    "LOCAL_OWNER",
    "SCOPES",
    "AccessError",
    "Credentials",
    "KeyInfo",
    "Principal",
    "Secret",
    "SecretInfo",
    "SecretKey",
    "SecretStore",
    "UnknownSecret",
    "WrongKey",
    "load_key",
]

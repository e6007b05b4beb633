"""Errors of knowledge bases.

BaigongError
└── KnowledgeError
    ├── BaseUnknown          there is no knowledge base of this name
    ├── BaseEmpty            a base without documents was searched
    ├── BaseExists           a base of this name is there already
    ├── BadRequest           a name, a query or a number cannot be used
    ├── DocumentUnreadable   a file has no text that can be read
    ├── CasesInvalid         a file of test cases is malformed or names documents that do not exist
    ├── CitationInvalid      a quotation is not in its source
    ├── IndexBroken          the index on disk cannot be used
    └── EmbedderUnavailable  the embedding model is not installed or cannot be loaded
"""

from __future__ import annotations

from runtime.base.errors import BaigongError

__all__ = [
    "BadRequest",
    "BaseEmpty",
    "BaseExists",
    "BaseUnknown",
    "CasesInvalid",
    "CitationInvalid",
    "DocumentUnreadable",
    "EmbedderUnavailable",
    "IndexBroken",
    "KnowledgeError",
]


class KnowledgeError(BaigongError):
    """Base of the errors of `knowledge`."""

    code = "BG810"


class BaseUnknown(KnowledgeError):
    """There is no knowledge base of this name."""

    code = "BG811"
    exit_code = 3
    status = 404


class BaseEmpty(KnowledgeError):
    """A knowledge base without documents was searched."""

    code = "BG812"
    exit_code = 1
    status = 409


class BaseExists(KnowledgeError):
    """A knowledge base of this name is there already."""

    code = "BG813"
    exit_code = 1
    status = 409


class BadRequest(KnowledgeError):
    """A name, a query or a number cannot be used."""

    code = "BG814"
    exit_code = 2
    status = 422


class DocumentUnreadable(KnowledgeError):
    """A file has no text that can be read."""

    code = "BG815"
    exit_code = 1
    status = 422


class CasesInvalid(KnowledgeError):
    """A file of test cases is malformed or names documents that do not exist."""

    code = "BG816"
    exit_code = 1
    status = 422


class CitationInvalid(KnowledgeError):
    """A quotation is not in its source at the place that is given."""

    code = "BG817"
    exit_code = 1
    status = 422


class IndexBroken(KnowledgeError):
    """The index on disk cannot be used."""

    code = "BG818"


class EmbedderUnavailable(KnowledgeError):
    """The embedding model is not installed or cannot be loaded."""

    code = "BG819"

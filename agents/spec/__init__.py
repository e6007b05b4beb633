"""The text of an app: bundles, the YAML of `app.yaml`, its shape, its canonical form, its lock and its JSON Schema."""

from .bundle import Bundle, export_zip, read_bundle, read_zip, write_bundle
from .canonical import dump_app, format_app
from .comments import Comments, read_comments
from .document import Document, NodeSpec
from .edit import Edit, Operation, apply_edit, operation_from_json, operation_to_json
from .lock import Lock, fingerprint, lock_from_resources, read_lock, resources_from_lock
from .positions import Positions
from .resources import (
    AppInfo,
    BaseInfo,
    DatabaseInfo,
    ModelInfo,
    Resources,
    SkillInfo,
    ToolInfo,
    ToolPolicy,
    base_label,
)
from .shape import explain_errors, read_document
from .text import Parsed, parse_yaml
from .versions import parse_app

__all__ = [
    "AppInfo",
    "BaseInfo",
    "DatabaseInfo",
    "Bundle",
    "Comments",
    "Document",
    "Edit",
    "Lock",
    "ModelInfo",
    "NodeSpec",
    "Operation",
    "Parsed",
    "Positions",
    "Resources",
    "SkillInfo",
    "ToolInfo",
    "ToolPolicy",
    "apply_edit",
    "base_label",
    "dump_app",
    "explain_errors",
    "export_zip",
    "fingerprint",
    "format_app",
    "lock_from_resources",
    "operation_from_json",
    "operation_to_json",
    "parse_app",
    "parse_yaml",
    "read_bundle",
    "read_comments",
    "read_document",
    "read_lock",
    "read_zip",
    "resources_from_lock",
    "write_bundle",
]

"""Capabilities that act: tool servers, services and sandboxed code, behind one policy."""

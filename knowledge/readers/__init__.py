"""Readers: one per file format, bytes to text with sections."""

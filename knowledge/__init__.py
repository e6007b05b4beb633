"""Capabilities that recall: documents in, passages with citations out."""

"""Splitters: extracted texts to spans of a size that can be searched and cited."""

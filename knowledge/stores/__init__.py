"""Stores: the two legs of retrieval, by meaning and by word."""

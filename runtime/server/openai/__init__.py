"""The OpenAI-compatible interface under `/openai/v1`: chat, embeddings, models."""

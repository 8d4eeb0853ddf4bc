"""Slice and prompts become masks; the cache of embeddings, in memory and on disk."""

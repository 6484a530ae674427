"""Synthetic legal question-and-answer samples, in bulk, into a parquet dataset."""

__version__ = "0.2.0"

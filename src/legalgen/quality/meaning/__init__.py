"""The look at meaning: embeddings, the vectors of a dataset, and what they are compared by."""

"""Near-duplicates: the index of a dataset, and what is compared of its rows."""

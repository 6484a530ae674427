"""The user's own legal texts: readers, chunks, quotations checked word by word."""

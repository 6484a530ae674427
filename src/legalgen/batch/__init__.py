"""A run from opening to closing: the loop, its workers, one attempt, the batch service."""

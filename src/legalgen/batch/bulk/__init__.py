"""A batch that a provider's batch service writes: its chunks, from the plan to the rows."""

"""What is asked for: the taxonomy, the planner, the prompts, and the grammar of citations."""

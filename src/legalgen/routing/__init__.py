"""Which model next and when: targets, budgets, health, the route, and what fits tonight."""

"""The gate: its rules, its checks, near-duplicates, and the last look before a row is kept."""

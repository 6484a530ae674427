"""What legalgen takes and gives, measured. Each module is one command; see README.md."""

"""The checks of one answer: of its form, of what it says, and of the law that it cites."""

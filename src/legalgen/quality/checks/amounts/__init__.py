"""Checks of sums, shares, periods and days: what is reckoned again, and what is compared."""

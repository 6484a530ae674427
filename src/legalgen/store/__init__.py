"""The data dir: files, locks, the journal and its sealed parts, the ledger, the card."""

"""What a run tells: events, the log file, counters and alerts."""

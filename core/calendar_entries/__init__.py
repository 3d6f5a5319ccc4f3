"""Our own entries in external calendars: written, moved and removed by the outbox, and looked after (rules K3, K4, K6)."""

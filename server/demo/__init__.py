"""What only the demo needs: a real CalDAV server beside it, lifelike calendars in it. Production imports none of it."""

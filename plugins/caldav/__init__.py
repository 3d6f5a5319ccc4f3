"""CalDAV connector (RFC 4791): plugin speaks the contract, client the wire, mapping turns iCalendar into values."""

"""People and how they get in: members and invitations, sessions, passwords, second factors, and which actor stands behind a request."""

"""Scheduling itself: knows no HTTP server, no GraphQL and no calendar vendor."""

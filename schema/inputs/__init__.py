"""What comes in, by topic, and reading it into the requests of the use cases."""

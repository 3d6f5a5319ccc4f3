"""The house connectors. They enter through the same entry points as a guest's plugin."""

"""Measuring SlotGraph's speed, as ratios (docs/speed.md)."""

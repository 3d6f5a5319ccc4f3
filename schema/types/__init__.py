"""The types of the schema, by noun. What they say of a thing stands in `slotgraph.core.records`."""

"""`python -m slotgraph.server` is the command `slotgraph`."""

from slotgraph.server.cli import main

main(prog_name="slotgraph")

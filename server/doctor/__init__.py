"""`slotgraph doctor`: what is well with an installation, what is not, and the cure. It looks, changes nothing, and shows no secret."""

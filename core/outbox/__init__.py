"""The outbox: what still has to be written into external calendars, one row per calendar entry (rules K3, K4).

A row is the entry's latest wish. Whoever carries it out takes a lease first; the fence rises with each change of the wish and each lease
taken, so that whoever finishes knows whether it is still their turn, and whether what they did is still what is wished. A change of the
wish leaves the lease to whoever has it: they finish first, then the new wish has its turn. Who carries wishes out is not decided here.
"""

"""The former name of `database`."""

from slotgraph.core.store.database import Database as Database
from slotgraph.core.store.database import Transaction as Transaction
from slotgraph.core.store.database import is_overlap as is_overlap
from slotgraph.core.store.serve_lock import ServeLock as ServeLock
from slotgraph.core.store.sqlite import database_path as database_path

"""How much one request may ask for before it is refused."""

MAX_BODY_BYTES = 64 * 1024
MAX_TOKENS = 4000
"""Lexical tokens of a document: the largest of our own pages needs a few hundred."""
MAX_COMMENTS = 1000
EXECUTION_SECONDS = 30.0
"""How long one operation may take in all: linking an account tries the provider for 20 seconds."""
MAX_NODES = 100
MAX_PAGE = 200
REMEMBERED_DOCUMENTS = 256
"""How many documents are kept parsed and validated."""

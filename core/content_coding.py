"""Unpacking of HTTP bodies (RFC 9110 section 8.4) in small pieces, so that a bomb is stopped before it bursts. Reads no socket."""

import zlib
from collections.abc import Iterator

from slotgraph.core.errors import AnswerMalformed

ACCEPTED = "gzip"
"""Value of Accept-Encoding: what can be unpacked here in pieces, and nothing else."""

_PIECE_BYTES = 256 * 1024
_MAX_MEMBERS = 64
_GZIP = zlib.MAX_WBITS | 16


class PlainBody:
    """A body that was not packed."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the data as it came."""
        yield data

    def finish(self) -> None:
        """Nothing is left over."""


class GzipBody:
    """A gzip body (RFC 1952), unpacked 256 KiB at a time; stop taking pieces and nothing more is unpacked."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP)
        self._members = 1
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what the data unpacks to. Raises AnswerMalformed if it is not gzip."""
        self._begun = self._begun or bool(data)
        try:
            yield from self._pieces(data)
        except zlib.error:
            raise AnswerMalformed("The answer could not be unpacked.") from None

    def finish(self) -> None:
        """Raise AnswerMalformed if the body ended too early: half an answer must not pass for a whole one."""
        if self._begun and not self._inflate.eof:
            raise AnswerMalformed("The packed answer ended too early.")

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        piece = b""
        # A full piece may leave output behind in zlib even when all input is used up.
        while data or len(piece) == _PIECE_BYTES:
            if self._inflate.eof:
                self._next_member()
            piece = self._inflate.decompress(data, _PIECE_BYTES)
            if piece:
                yield piece
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            if self._inflate.eof and not data:
                return

    def _next_member(self) -> None:
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise AnswerMalformed("The answer was packed in too many parts.")
        self._inflate = zlib.decompressobj(_GZIP)


def body_reader(content_encoding: str) -> PlainBody | GzipBody:
    """The reader for a Content-Encoding header. Raises AnswerMalformed for a coding that was not asked for."""
    coding = content_encoding.strip().lower()
    if coding in ("", "identity"):
        return PlainBody()
    if coding in ("gzip", "x-gzip"):
        return GzipBody()
    raise AnswerMalformed("The answer came packed in a way that was not asked for.")

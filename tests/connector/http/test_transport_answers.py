"""Answers over both transports: they come back whole, however they are sent."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import weakref

import pytest
from support.raw_server import CHUNKED, OK, Server, listening, request_of
from support.transports import Make, post


@pytest.mark.parametrize("whole", ["all", "head", "nothing"], ids=["at once", "the body byte by byte", "byte by byte"])
@pytest.mark.parametrize(
    "answer",
    [
        OK,
        CHUNKED + b'4;name=value\r\n{"a"\r\n3\r\n:1}\r\n0\r\nX-End: yes\r\n\r\n',
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK,
    ],
    ids=["length", "chunks", "100-continue"],
)
async def test_answers_in_pieces(client: Make, answer: bytes, whole: str):
    """Chunks, trailers and announcements are undone however the network cuts them; the connection is kept."""
    connections = 0
    at_once = {"all": len(answer), "head": answer.index(b"\r\n\r\n") + 4, "nothing": 0}[whole]
    pieces = [answer[:at_once], *(answer[at:][:1] for at in range(at_once, len(answer)))]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await request_of(reader)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)

    async with listening(serve) as port, client() as made:
        for _ in range(2):
            response = await post(made, f"http://127.0.0.1:{port}/")
            assert response.json() == ({"a": 1} if answer.startswith(CHUNKED) else {})
    assert connections == 1


async def test_a_compressed_answer_in_chunks(client: Make):
    """It comes back as it was before."""
    text = json.dumps([{"sku": f"SKU-{number:06d}"} for number in range(20_000)]).encode()
    packed = gzip.compress(text)
    pieces = [packed[start : start + 1_000] for start in range(0, len(packed), 1_000)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    server = Server(head + chunks + b"0\r\n\r\n")
    async with listening(server) as port, client() as made:
        assert (await post(made, f"http://127.0.0.1:{port}/")).content == text


async def test_much_in_both_directions(client: Make):
    """A body of 20 MB arrives at a server that reads slowly, and comes back whole."""
    body = bytes(range(256)) * 80_000

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _head, came = await request_of(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(came))
        writer.write(came)
        await writer.drain()

    async with listening(echo) as port, client() as made:
        assert (await post(made, f"http://127.0.0.1:{port}/", body)).content == body


async def test_an_answer_before_the_request_is_whole(client: Make):
    """A server that refuses a large body early, and reads on, is heard."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        while await reader.read(65_536):
            pass

    async with listening(refuse) as port, client() as made:
        assert (await post(made, f"http://127.0.0.1:{port}/", b"x" * 5_000_000)).status_code == 413


async def test_a_redirect(client: Make):
    """It comes back as it is; nothing goes where it leads to."""
    server = Server(b"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    async with listening(server) as port, client() as made:
        response = await post(made, f"http://127.0.0.1:{port}/")
    assert (response.status_code, response.headers["location"]) == (307, "http://127.0.0.1:1/")


async def test_an_answer_is_kept_by_its_reader_alone(client: Make):
    """Pages come by the thousand: none stays in memory until Python looks for cycles of objects."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(OK)

    async with listening(serve) as port, client() as made:
        gc.disable()
        try:
            response = await post(made, f"http://127.0.0.1:{port}/")
            kept = weakref.ref(response)
            del response
            assert kept() is None
        finally:
            gc.enable()

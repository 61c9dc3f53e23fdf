"""The server: who may ask, what is refused, and that it lives on and leaves nothing behind."""

import asyncio
import http.client
import json
import random
import socket
import sys
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from pullback.codegen.live.server import MAX_BODY, POLICY
from tests.live.asking import HANDOUT, SLOW, SMALL
from tests.live.serving import live

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")


@pytest.fixture(scope="module")
def server():
    with live() as made:
        yield made


def test_the_page_is_there_for_who_has_the_address(server):
    status, headers, body = server.request(
        "GET", urlsplit(server.address).path + "?token=" + server.token
    )
    assert status == 200 and b"<title>" in body.lower()
    assert headers["content-security-policy"] == POLICY and "unsafe" not in POLICY
    assert headers["referrer-policy"] == "no-referrer" and headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert server.address.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=wrong", "/?Token=x", "/?token=%FF%00"])
def test_nobody_else_gets_the_page(server, path):
    status, headers, body = server.request("GET", path)
    assert status == 403 and b"open the address" in body
    assert headers["content-security-policy"] == POLICY


def test_files_of_the_page_are_served_by_name_and_nothing_else_is(server):
    for path in ("/static/../server.py", "/static/%2e%2e/server.py", "/static/", "/etc/passwd"):
        assert server.request("GET", path)[0] == 404


REFUSED = {
    "no token": ({"X-Token": ""}, 403),
    "a wrong token": ({"X-Token": "x" * 32}, 403),
    "a token that is no ASCII": ({"X-Token": "é"}, 403),
    "another host": ({"Host": "evil.example"}, 403),
    "this machine at another port": ({"Host": "127.0.0.1:1"}, 403),
    "another page": ({"Origin": "https://evil.example"}, 403),
    "a page without a name": ({"Origin": "null"}, 403),
}


@pytest.mark.parametrize("name", REFUSED)
def test_who_may_not_ask_is_refused(server, name):
    headers, wanted = REFUSED[name]
    body = json.dumps({"tab": "a", "ask": "read", **SMALL})
    own = {"X-Token": server.token, **headers}
    status, _, answer = server.request("POST", "/ask", body, **own)
    assert status == wanted and b"open the address" in answer and b"equations" not in answer


def test_the_machines_own_names_may_ask(server):
    for host in ("127.0.0.1", "localhost"):
        name = f"{host}:{server.port}"
        status, events = server.ask({"ask": "read", **SMALL}, Host=name, Origin=f"http://{name}")
        assert status == 200 and events[0]["event"] == "read"


BODIES = {
    "no JSON": (b"{", 400, "not JSON"),
    "bytes": (b"\xff\xfe\x00", 400, "not JSON"),
    "nothing": (b"", 400, "not JSON"),
    "a list": (b"[]", 400, "'tab'"),
    "deep": (b"[" * 100_000, 400, "not JSON"),
    "no tab": (b'{"ask": "read"}', 400, "'tab'"),
    "a tab that is a path": (b'{"ask": "read", "tab": "../x"}', 400, "'tab'"),
    "an unknown question": (b'{"ask": "run", "tab": "a"}', 400, "'ask' is 'run'"),
    "NaN": (b'{"ask": "why", "step": NaN, "tab": "a"}', 400, "whole number"),
    "too long": (b"x" * (MAX_BODY + 1), 413, "256 KiB"),
}


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_question_is_refused(server, name):
    body, wanted, words = BODIES[name]
    status, events = server.ask(body)
    assert status == wanted and events[0]["event"] == "error" and words in events[0]["message"]


def test_other_methods_are_refused(server):
    assert server.request("GET", "/ask")[0] == 405
    assert server.request("PUT", "/ask", b"")[0] == 405
    assert server.request("POST", "/", b"")[0] == 405


def test_the_longest_text_that_may_be_typed_comes_through(server):
    text = "u = x #" + '"' * (64 * 1024 - 7)
    assert server.ask({"ask": "read", "text": text})[0] == 200


def test_events_come_as_they_are_made(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    body = json.dumps({"tab": "stream", "ask": "derive", **SLOW})
    connection.request("POST", "/ask", body, {"X-Token": server.token})
    answer = connection.getresponse()
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert json.loads(answer.readline())["event"] == "layer"  # while the rest is being derived
    status, events = server.ask({"ask": "read", **SMALL}, "stream")
    assert status == 200 and events[-1]["event"] == "done"
    assert answer.read() == b""  # broken off by the question after it
    connection.close()


CUT = ("cut", "cut in the body", "cut answer")


def requests(number):
    """Good and bad requests in an order that is the same each time."""
    draw = random.Random(number)
    for count in range(number):
        if count % 2:
            yield draw.choice(["read"] * 8 + ["examples", "convert", "derive"])
        else:
            yield draw.choice([*REFUSED, *BODIES, *CUT])


async def sent(server, kind, tab):
    """The status of the answer, and its last event; nothing where the connection is cut."""
    headers = {"Host": f"127.0.0.1:{server.port}", "X-Token": server.token}
    body = json.dumps({"tab": tab, "ask": kind, **SMALL}).encode()
    if kind in REFUSED:
        headers |= REFUSED[kind][0]
    elif kind in BODIES:
        body = BODIES[kind][0]
    elif kind == "cut in the body":
        headers["Content-Length"] = "500"
    elif kind == "cut answer":
        body = json.dumps({"tab": "cut", "ask": "derive", **SLOW}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=2**22)
    headers.setdefault("Content-Length", str(len(body)))
    lines = ["POST /ask HTTP/1.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    data = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
    try:
        writer.write(data[:40] if kind == "cut" else data)
        await writer.drain()
        if kind in CUT:
            await asyncio.sleep(0.01)
            return 0, {}
        answer = await reader.read()
        events = [line for line in answer.splitlines() if line.startswith(b"{")]
        return int(answer.split(None, 2)[1]), json.loads(events[-1]) if events else {}
    except ConnectionError:
        assert kind == "too long"  # refused before all of it was sent
        return 413, {}
    finally:
        writer.close()


TABS = 8  # that ask at once


@needs_proc
def test_a_thousand_requests_half_of_them_bad_lose_nothing(server):
    async def one_after_the_other(tab, kinds, found):
        for kind in kinds:
            found.append((kind, *await sent(server, kind, tab)))

    async def all_sent():
        kinds, found = requests(1000), []
        tabs = (one_after_the_other(f"tab{n}", kinds, found) for n in range(TABS))
        await asyncio.wait_for(asyncio.gather(*tabs), 300)
        return found

    before = {*server.group()}
    found = asyncio.run(all_sent())
    assert len(found) == 1000
    for kind, status, last in found:
        if kind not in (*REFUSED, *BODIES, *CUT):
            assert (status, last["event"]) == (200, "done")
        elif kind not in CUT:
            assert status == (REFUSED | BODIES)[kind][1], kind
    status, events = server.ask({"ask": "derive", **HANDOUT}, "after")
    assert status == 200 and events[-1]["event"] == "done"
    end = time.monotonic() + 10
    while len({*server.group()} - before) > TABS + 1:  # a process for each tab that is not cut
        assert time.monotonic() < end
        time.sleep(0.05)


@needs_proc
@pytest.mark.parametrize("when", ["at once", "loading", "idle", "busy"])
def test_ctrl_c_ends_the_server_and_all_its_processes_without_a_word(when):
    with live() as server:
        if when == "loading":
            time.sleep(0.5)
        if when == "idle":
            assert server.ask({"ask": "read", **SMALL})[0] == 200
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        if when == "busy":
            body = json.dumps({"tab": "a", "ask": "derive", **SLOW})
            connection.request("POST", "/ask", body, {"X-Token": server.token})
            answer = connection.getresponse()
            assert json.loads(answer.readline())["event"] == "layer"
        assert len(server.group()) >= 2
        status, out, err = server.interrupt()
        assert (status, out, err) == (0, "", "")
        end = time.monotonic() + 10
        while server.group():
            assert time.monotonic() < end
            time.sleep(0.05)
        if when == "busy":
            answer.close()
        connection.close()


def test_the_page_can_begin_with_a_definition():
    with live("relu") as server:
        fragment = parse_qs(urlsplit(server.address).fragment)
        assert fragment["notation"] == ["toml"] and "max(0, u[...])" in fragment["text"][0]
        about = {"notation": "toml", "text": fragment["text"][0]}
        assert server.ask({"ask": "read", **about})[1][0]["event"] == "read"


def test_a_port_that_is_taken_is_said_in_a_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        import subprocess

        from tests.live.serving import COMMAND

        done = subprocess.run([*COMMAND, "--port", str(port)], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"port {port}: " in done.stderr

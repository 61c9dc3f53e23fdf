"""`pullback live` in a process of its own, and requests to it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import urlsplit

COMMAND = [sys.executable, "-m", "pullback", "live", "--no-browser"]


class Live:
    """A server, its address, and what it prints."""

    def __init__(self, *arguments):
        # a group of its own, as a terminal gives it, to which Ctrl-C can be sent
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.address = self.process.stdout.readline().strip()
        assert self.process.stdout.readline() == "Ctrl-C ends this\n"
        self.port = urlsplit(self.address).port
        self.token = re.search(r"token=([\w-]+)", self.address)[1]

    def request(self, method, path, body=None, **headers):
        """Status, headers and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def ask(self, data, tab="a", **headers):
        """Status and events of an answer."""
        body = json.dumps({"tab": tab, **data}) if isinstance(data, dict) else data
        own = {"X-Token": self.token} | headers
        status, _, lines = self.request("POST", "/ask", body, **own)
        return status, [json.loads(line) for line in lines.splitlines()]

    def group(self):
        """The processes of the server that are there, itself among them."""
        found = []
        for name in filter(str.isdecimal, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/stat") as file:
                    state, _, group = file.read().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(group) == self.process.pid and state != "Z":
                found.append(int(name))
        return found

    def interrupt(self):
        """Ctrl-C: every process of the group gets it. Exit status, and what was printed."""
        os.killpg(self.process.pid, signal.SIGINT)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


@contextmanager
def live(*arguments):
    """A server that is ended at the end."""
    made = Live(*arguments)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.interrupt()

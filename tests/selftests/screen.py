#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""screen.py COMMAND ARG...: runs it on a terminal of 80 columns and 24 lines.

Reads lines, and answers each by "done" or by what is wrong:

    wait TEXT     the screen shows TEXT within 20 seconds
    gone TEXT     it shows it no longer, within 20 seconds
    type KEYS     presses them; \\e, \\n, \\t as in Python
    end           the command ends by itself within 10 seconds, with status 0

The terminal knows as much of a VT100 as ncurses makes use of.
"""

import os
import pty
import re
import select
import struct
import sys
import time
import fcntl
import termios

COLUMNS, LINES = 80, 24
SEQUENCE = re.compile(rb"\x1b(\[[?>0-9;]*[A-Za-z@]|[()][A-Z0-9]|[=>78MDEc])")


class Screen:
    def __init__(self):
        self.cells = [[" "] * COLUMNS for _ in range(LINES)]
        self.x = self.y = 0
        self.rest = b""

    def feed(self, data):
        data = self.rest + data
        self.rest = b""
        at = 0
        while at < len(data):
            if data[at] == 0x1B:
                match = SEQUENCE.match(data, at)
                if not match:
                    if len(data) - at > 20:
                        at += 1
                        continue
                    self.rest = data[at:]
                    return
                self.sequence(match.group(1).decode())
                at = match.end()
                continue
            self.character(data[at])
            at += 1

    def character(self, byte):
        if byte == 8:
            self.x = max(0, self.x - 1)
        elif byte == 13:
            self.x = 0
        elif byte == 10:
            if self.y == LINES - 1:
                self.cells = self.cells[1:] + [[" "] * COLUMNS]
            else:
                self.y += 1
        elif byte >= 32:
            if self.x == COLUMNS:
                self.x = 0
                self.y = min(LINES - 1, self.y + 1)
            self.cells[self.y][self.x] = chr(byte)
            self.x += 1

    def sequence(self, text):
        if text[0] != "[":
            if text[0] == "M":
                self.y = max(0, self.y - 1)
            return
        numbers = [int(n) for n in re.findall(r"\d+", text)]
        first = numbers[0] if numbers else 0
        kind = text[-1]
        if kind in "Hf":
            self.y = min(LINES, max(1, first)) - 1
            self.x = min(COLUMNS, max(1, numbers[1] if len(numbers) > 1 else 1)) - 1
        elif kind == "A":
            self.y = max(0, self.y - max(1, first))
        elif kind == "B":
            self.y = min(LINES - 1, self.y + max(1, first))
        elif kind == "C":
            self.x = min(COLUMNS - 1, self.x + max(1, first))
        elif kind == "D":
            self.x = max(0, self.x - max(1, first))
        elif kind == "K":
            begin, end = (0, self.x + 1) if first == 1 else (self.x, COLUMNS)
            self.cells[self.y][begin:end] = [" "] * (end - begin)
        elif kind == "J":
            self.cells[self.y][self.x:] = [" "] * (COLUMNS - self.x)
            for y in range(self.y + 1, LINES):
                self.cells[y] = [" "] * COLUMNS

    def text(self):
        return "\n".join("".join(line).rstrip() for line in self.cells)


class Terminal:
    def __init__(self, command):
        self.screen = Screen()
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ["TERM"] = "vt100"
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))

    def read(self, seconds):
        """Takes in what comes; false at the end."""
        if select.select([self.fd], [], [], seconds)[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return False
            self.screen.feed(data)
            return bool(data)
        return True

    def until(self, condition, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            if not self.read(0.1):
                return condition()
        return condition()

    def status(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read(0.1)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
        return None


def main():
    terminal = Terminal(sys.argv[1:])
    for line in sys.stdin:
        word, _, text = line.rstrip("\n").partition(" ")
        shown = lambda: text in terminal.screen.text()
        if word == "wait":
            good = terminal.until(shown, 20)
        elif word == "gone":
            good = terminal.until(lambda: not shown(), 20)
        elif word == "type":
            os.write(terminal.fd, text.encode().decode("unicode_escape").encode())
            good = True
        else:
            good = terminal.status(10) == 0
        answer = "done" if good else f"{line.rstrip()}: " + terminal.screen.text().replace("\n", " | ")
        print(answer, flush=True)


main()

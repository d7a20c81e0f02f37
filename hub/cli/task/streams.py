"""The streams of a command: its output passes through byte for byte, as it comes, and is listened to.

Where our own stdout or stderr is a terminal, the command writes to a pseudo-terminal, so that it draws and
buffers as it would without us; where also stdin is that terminal, and we are in its foreground, it reads from
the pseudo-terminal, ours is raw meanwhile, and Ctrl-C reaches the command through it. Everything else is a
pipe, and stdin is handed on as it is.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import threading
import tty
from collections.abc import Callable, Sequence
from typing import IO, Any, Final

CHUNK: Final = 64 * 1024
LINGER: Final = 0.5
"""Seconds without output, once the command has ended, after which what it left behind is heard no more."""
INPUT, OUTPUT, ERRORS = 0, 1, 2

Listen = Callable[[bytes], None]


class Streams:
    """What a command is given as stdin, stdout and stderr, and who carries them.

    Args:
        listeners: called in threads of their own with every chunk of stdout and of stderr. What goes to one
            pseudo-terminal is one stream: the first hears it.
    """

    def __init__(self, listeners: tuple[Listen, Listen]) -> None:
        self._listeners = listeners
        self._pumps: list[threading.Thread] = []
        self._saved: Any = None
        self._terminal = _master_and_slave() if os.isatty(OUTPUT) or os.isatty(ERRORS) else None
        self._shown = OUTPUT if os.isatty(OUTPUT) else ERRORS
        self._ended, self._end = os.pipe()

    @property
    def has_keyboard(self) -> bool:
        """Whether what is typed goes to the command through the pseudo-terminal."""
        return self._saved is not None

    def spawn(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start the command in a session of its own. Raises ``OSError``."""
        if self._terminal is not None and os.isatty(OUTPUT) and _in_foreground():
            self._saved = termios.tcgetattr(INPUT)
        slave = self._terminal[1] if self._terminal is not None else None
        if slave is not None:
            self._prepare(slave)
        try:
            process = subprocess.Popen(
                command,
                stdin=slave if self.has_keyboard else self._input(),
                stdout=slave if slave is not None and os.isatty(OUTPUT) else subprocess.PIPE,
                stderr=slave if slave is not None and os.isatty(ERRORS) else subprocess.PIPE,
                start_new_session=True,
                preexec_fn=None if slave is None else lambda: _take_over(slave),
                bufsize=0,
            )
        finally:
            if slave is not None:
                os.close(slave)
        self._carry(process.stdout, process.stderr)
        return process

    def ended(self) -> None:
        """The command has ended: carry what is left, and give the terminal back. Blocks for a moment."""
        os.close(self._end)
        for pump in self._pumps:
            pump.join()
        self.restore()
        os.close(self._ended)
        terminal, self._terminal = self._terminal, None
        if terminal is not None:
            os.close(terminal[0])

    def restore(self) -> None:
        """Our terminal as it was. Idempotent."""
        if self._saved is not None:
            termios.tcsetattr(INPUT, termios.TCSADRAIN, self._saved)
            self._saved = None

    def resized(self) -> None:
        """The command's terminal is as large as ours."""
        if self._terminal is not None:
            _copy_size(self._shown, self._terminal[0])

    def _prepare(self, slave: int) -> None:
        """The pseudo-terminal does what ours did, so that ours only passes on."""
        attributes = self._saved or termios.tcgetattr(self._shown)
        attributes = [*attributes[:6], list(attributes[6])]
        if not self.has_keyboard:
            attributes[1] &= ~termios.OPOST  # ours still turns line feeds into new lines
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        _copy_size(self._shown, slave)

    def _input(self) -> int | None:
        """Ours, unless it is a terminal's that another job reads from."""
        return subprocess.DEVNULL if os.isatty(INPUT) and not _in_foreground() else None

    def _carry(self, output: IO[bytes] | None, errors: IO[bytes] | None) -> None:
        for stream, descriptor, listen in (
            (output, OUTPUT, self._listeners[0]),
            (errors, ERRORS, self._listeners[1]),
        ):
            if stream is not None:
                source = os.dup(stream.fileno())
                stream.close()
                self._start(_Pump(source, descriptor, self._ended, listen).run_and_close)
        if self._terminal is not None:
            master = self._terminal[0]
            self._start(_Pump(master, self._shown, self._ended, self._listeners[0]).run)
            if self.has_keyboard:
                tty.setraw(INPUT, termios.TCSADRAIN)
                self._start(lambda: _type(master, self._ended))

    def _start(self, carry: Callable[[], None]) -> None:
        pump = threading.Thread(target=carry, daemon=True)
        self._pumps.append(pump)
        pump.start()


class _Pump:
    """Carries one stream until its end, or until nothing came for a while after ``ended`` was closed."""

    def __init__(self, source: int, target: int, ended: int, listen: Listen) -> None:
        self._source = source
        self._target = target
        self._ended = ended
        self._listen = listen

    def run_and_close(self) -> None:
        """Until it is over. A target that takes no more closes the source: the command is told as without
        us."""
        self.run()
        os.close(self._source)

    def run(self) -> None:
        """Until it is over."""
        watched, patience = [self._source, self._ended], None
        while True:
            ready, _, _ = select.select(watched, (), (), patience)
            if self._source in ready:
                chunk = _read(self._source)
                if not chunk or not _write_all(self._target, chunk):
                    return
                self._listen(chunk)
            elif patience is not None:
                return
            if self._ended in ready:
                watched, patience = [self._source], LINGER


def _type(master: int, ended: int) -> None:
    """What is typed goes to the command."""
    while True:
        ready, _, _ = select.select((INPUT, ended), (), ())
        if ended in ready:
            return
        chunk = _read(INPUT)
        if not chunk or not _write_all(master, chunk):
            return


def _read(source: int) -> bytes:
    """What is there, b"" at the end; a pseudo-terminal ends with an error."""
    try:
        return os.read(source, CHUNK)
    except OSError:
        return b""


def _write_all(target: int, chunk: bytes) -> bool:
    """Write everything, waiting where the reader is slow; False where nobody reads any more."""
    left = memoryview(chunk)
    while left:
        try:
            left = left[os.write(target, left) :]
        except BlockingIOError:
            select.select((), (target,), ())
        except OSError:
            return False
    return True


def _master_and_slave() -> tuple[int, int] | None:
    try:
        return pty.openpty()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.EACCES, errno.ENOSPC, errno.EAGAIN, errno.EMFILE):
            return None
        raise


def _take_over(slave: int) -> None:
    """In the new process: the pseudo-terminal is its session's own."""
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


def _in_foreground() -> bool:
    try:
        return os.isatty(INPUT) and os.tcgetpgrp(INPUT) == os.getpgrp()
    except OSError:
        return False


def _copy_size(source: int, target: int) -> None:
    empty = struct.pack("HHHH", 0, 0, 0, 0)
    fcntl.ioctl(target, termios.TIOCSWINSZ, fcntl.ioctl(source, termios.TIOCGWINSZ, empty))

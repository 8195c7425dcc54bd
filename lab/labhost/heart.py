# SPDX-License-Identifier: Apache-2.0
"""Hears whether a kept host's time passes.

Each of its processors says its number once a second, by a timer of its own (guest/init). One
whose clock stands still falls silent, even where all else in the host goes on.
"""
import time

PROCESSORS = 2
SILENCE = 60  # seconds; a busy machine may let its hosts wait for ten


class Heart:
    def __init__(self, processors: int) -> None:
        self._heard = dict.fromkeys(range(processors), time.monotonic())

    def hear(self, data: bytes) -> None:
        """Takes what came from the host's port `beat`: digits, a line each."""
        for number in data.split():
            self._heard[int(number)] = time.monotonic()

    def silent(self) -> int | None:
        """A processor that hasn't been heard for too long, once all that lay ready was heard."""
        for number, last in self._heard.items():
            if time.monotonic() - last > SILENCE:
                return number
        return None

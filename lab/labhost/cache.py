# SPDX-License-Identifier: Apache-2.0
"""Things that are built once, keyed by the recipe they are made from."""
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Callable

from .common import CACHE

_KEEP_SECONDS = 7 * 24 * 3600


def key(recipe: object) -> str:
    """A short name for a recipe: any JSON value that says all that matters."""
    text = json.dumps(recipe, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _prune(folder: Path, name: str) -> None:
    """Drops builds of the same name that nobody has used for a week, and
    half ones whose builder was killed (we hold the lock, so none is alive)."""
    for path in folder.glob(f".new-{name}-*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(f"{name}-????????????"):
        if path.stat().st_mtime < time.time() - _KEEP_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def built(kind: str, name: str, recipe: object, build: Callable[[Path], None]) -> Path:
    """The directory that `build` fills, built now unless this recipe's is there.

    Two callers at once build once; an interrupted build leaves nothing that
    could be taken for a whole one.
    """
    folder = CACHE / "lab" / kind
    final = folder / f"{name}-{key(recipe)}"
    if not final.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / f".lock-{name}", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not final.exists():
                _prune(folder, name)
                temporary = Path(tempfile.mkdtemp(prefix=f".new-{name}-", dir=folder))
                try:
                    build(temporary)
                    (temporary / "recipe.json").write_text(json.dumps(recipe, indent=1))
                    temporary.rename(final)
                except BaseException:
                    shutil.rmtree(temporary, ignore_errors=True)
                    raise
    os.utime(final)  # used now: see _prune
    return final

"""The build hook of hatchling (pyproject.toml): compiles what is in C where there is a C compiler.

Without one the wheel is pure Python and reads slower; CC names another compiler, CC=/nonexistent builds without. An
editable install compiles into this folder. The library is loaded by ctypes, so one wheel serves every Python.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
import zlib
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LIBRARY = "libcutter.so"
FLAGS = ("-std=c11", "-O3", "-fPIC", "-shared")


def compiler() -> list[str] | None:
    """The command of the C compiler: CC, else the first of cc, gcc and clang that there is."""
    if named := shlex.split(os.environ.get("CC", "")):
        return named
    return next(([path] for path in map(shutil.which, ("cc", "gcc", "clang")) if path), None)


def made_of(folder: Path) -> str:
    """The flag by which the library knows its sources, which are all that is in C in this folder (see `facts.py`)."""
    return f"-DSOURCES={zlib.crc32(b''.join(path.read_bytes() for path in sorted(folder.glob('*.[ch]'))))}u"


class BuildHook(BuildHookInterface):  # type: ignore[misc]
    """What hatchling calls before it packs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and say in the wheel's tag for which platform it is. version: `standard` or `editable`."""
        if self.target_name != "wheel":
            return
        folder = Path(self.root, "lineage_core", "native")
        self._made = tempfile.TemporaryDirectory()
        target = Path(self._made.name, LIBRARY)
        if version == "editable":
            target = folder / LIBRARY
            target.unlink(missing_ok=True)
        command = compiler()
        if command is None:
            self.app.display_warning("no C compiler: a pure Python wheel, which reads slower")
            return
        try:
            subprocess.run(  # noqa: S603
                [*command, *FLAGS, made_of(folder), "-o", target, *sorted(folder.glob("*.c"))],
                check=True,
                capture_output=True,
                timeout=120,
            )
        except (OSError, subprocess.SubprocessError) as error:
            message = getattr(error, "stderr", b"") or str(error).encode()
            self.app.display_warning(
                f"a pure Python wheel, which reads slower: {message.decode(errors='replace').strip()}"
            )
            return
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"
        if version != "editable":
            build_data["force_include"][str(target)] = f"lineage_core/native/{LIBRARY}"

    def finalize(self, version: str, build_data: dict[str, Any], path: str) -> None:
        """Remove what was compiled for the wheel only."""
        if self.target_name == "wheel":
            self._made.cleanup()

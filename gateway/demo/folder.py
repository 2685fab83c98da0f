"""The folder of one demo run. Only a folder that a demo made is ever replaced."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from protocols.errors import UsageError

MARK = ".equipoise-demo"
SUMMARY = "summary.json"


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """Where everything of one run lies."""

    root: Path

    @property
    def trial(self) -> Path:
        return self.root / "trial"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def report(self) -> Path:
        return self.root / "report"


def fresh(root: Path, *, keep: bool = False) -> DemoFolder:
    """Make the folder anew; with `keep`, an earlier run is refused too.

    Raises
    ------
    UsageError
        Something is there that may not be replaced; it is left as it is.
    """
    root = root.absolute()
    if root.exists() and not root.is_dir():
        raise UsageError("DEMO_FOLDER", f"{root} is a file; name a folder with --folder")
    if root.exists() and any(root.iterdir()):
        if keep or not (root / MARK).is_file():
            raise UsageError(
                "DEMO_FOLDER",
                f"{root} is not empty and stays as it is; name another folder with --folder",
            )
        _empty(root)
    root.mkdir(parents=True, exist_ok=True)
    (root / MARK).write_text("`equipoise demo` made this folder and may replace it.\n", "ascii")
    return DemoFolder(root)


def _empty(root: Path) -> None:
    """Remove what a demo writes, and nothing else that may have come to lie beside it."""
    (root / SUMMARY).unlink(missing_ok=True)
    for name in ("trial", "logs", "report"):
        path = root / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)

"""Turns failures of the file system into sentences that say what to do."""

from __future__ import annotations

import errno
from pathlib import Path

from roboact_ros.errors import RecordingError

_ADVICE = {
    errno.ENOSPC: "no space left on the disk; free some, or record elsewhere with bags:=FOLDER",
    errno.EDQUOT: "your disk quota is used up; free some space, or record elsewhere with bags:=FOLDER",
    errno.EFBIG: "the file size limit of this process or disk is reached; record elsewhere with bags:=FOLDER",
    errno.EACCES: "no right to write there; change its owner, or record elsewhere with bags:=FOLDER",
    errno.EPERM: "no right to write there; change its owner, or record elsewhere with bags:=FOLDER",
    errno.EROFS: "the disk is read-only; record elsewhere with bags:=FOLDER",
    errno.ENOTDIR: "a part of the path is a file; record elsewhere with bags:=FOLDER",
    errno.EEXIST: "there is already something else of that name",
    errno.ENOENT: "it does not exist",
}


def recording_error(path: Path, error: OSError) -> RecordingError:
    """Return the failure ``error`` on ``path`` as a refusal for the operator."""
    reason = _ADVICE.get(error.errno or 0, error.strerror or str(error))
    return RecordingError(f"{path}: {reason}")

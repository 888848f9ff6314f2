"""How large the directory of a zip archive is, known before anything of it is taken in.

`zipfile` makes an object of every entry at once. A file of some megabytes can hold a hundred thousand of them.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

# No honest archive of weights or arrays comes near this; an entry takes about a hundred bytes.
MAX_DIRECTORY = 2 << 20
END, END_64, LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"  # APPNOTE 4.3.14 to 4.3.16
UNKNOWN = 0xFFFFFFFF  # the true number stands in the record for large archives
END_BYTES, END_64_BYTES, LOCATOR_BYTES, MAX_COMMENT = 22, 56, 20, 65535


def directory_bytes(file: BinaryIO) -> int:
    """What the end of an archive says of its directory's size; 0 where there is no such end.

    The position in the file is left at its beginning.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END_BYTES - MAX_COMMENT - LOCATOR_BYTES - END_64_BYTES))
    tail = file.read()
    file.seek(0)
    end = tail.rfind(END)
    if end < 0 or len(tail) < end + END_BYTES:
        return 0
    (declared,) = struct.unpack_from("<L", tail, end + 12)
    large = end - LOCATOR_BYTES - END_64_BYTES
    is_large = tail[end - LOCATOR_BYTES : end].startswith(LOCATOR_64) if end >= LOCATOR_BYTES else False
    if is_large and large >= 0 and tail[large:].startswith(END_64):
        declared = max(0 if declared == UNKNOWN else declared, *struct.unpack_from("<Q", tail, large + 40))
    return int(declared)

"""Print the layouts of structs from their debug information, as JSON. Runs inside gdb:

    gdb -nx -batch -x dump.py -ex 'python dump("shared_data", "mailbox")' types.o

{"mailbox": {"size": 108, "fields": [{"name": "counter", "type": "int32_t", "offset": 0, "size": 4}, ...]}}
"""

from __future__ import annotations

import json
from typing import Any, Dict, List

import gdb  # type: ignore[import]


def fields(struct: Any) -> List[Dict[str, Any]]:
    """Members in order of their offsets; types as they are written in the source."""
    return [
        {
            "name": field.name,
            "type": str(field.type).replace("struct ", ""),
            "offset": field.bitpos // 8,
            "size": field.type.strip_typedefs().sizeof,
        }
        for field in struct.strip_typedefs().fields()
    ]


def dump(*names: str) -> None:
    """Print the structs of these names."""
    found = {name: gdb.lookup_type("struct " + name) for name in names}
    print(json.dumps({name: {"size": each.sizeof, "fields": fields(each)} for name, each in found.items()}))

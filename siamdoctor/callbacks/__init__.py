"""A Keras callback that writes down what a saved model forgets, and speaks up while a training goes wrong.

`Watch` is imported on first use, since it is a Keras callback and importing Keras takes seconds; all else here
works on plain arrays and objects.

```python
from siamdoctor.callbacks import Watch

model.fit(pairs, labels, epochs=20, callbacks=[Watch("runs/model.keras", same_label=1)])
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from siamdoctor.callbacks.signs import Finding

if TYPE_CHECKING:
    from siamdoctor.callbacks.watch import Watch

__all__ = ["Finding", "Watch"]


def __getattr__(name: str) -> object:
    """Import the callback when it is first asked for."""
    if name == "Watch":
        from siamdoctor.callbacks.watch import Watch  # noqa: PLC0415  (Keras: seconds)

        return Watch
    raise AttributeError(f"module 'siamdoctor.callbacks' has no attribute {name!r}")

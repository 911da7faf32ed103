"""Owns pictures that come without properties: the same bytes of today or yesterday are the same picture, come again."""

from dataclasses import replace
from datetime import timedelta

from connectors.edge.crops import Crop
from connectors.edge.processor.naming import captured_at_of, folder_of
from connectors.edge.processor.place import Place


def as_first_come(crop: Crop, place: Place) -> Crop:
    """With the time at which it came first, where it is kept already. Its track is made of its bytes.

    Raises StoreError.
    """
    for day in (crop, replace(crop, captured_at=crop.captured_at - timedelta(days=1))):
        if (stem := place.find(folder_of(day), f"_{crop.track}")) is not None:
            return replace(crop, captured_at=captured_at_of(stem))
    return crop

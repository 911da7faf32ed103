"""Owns which labels are taken for each other, so that one thing keeps its track when its label flickers."""

FAMILIES = {
    "vehicle": ("bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
    "animal": ("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"),
    "seat": ("chair", "couch", "bed", "bench"),
    "screen": ("tv", "laptop", "cell phone", "remote", "book"),
    "vessel": ("bottle", "wine glass", "cup", "bowl", "vase"),
    "bag": ("backpack", "handbag", "suitcase"),
}
"""Labels of COCO that detectors confuse. Every other label, a person's too, is a family of its own."""
_OF = {label: family for family, labels in FAMILIES.items() for label in labels}


def family_of(label: str) -> str:
    """The family of a label."""
    return _OF.get(label, label)

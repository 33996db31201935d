"""How wide a text is on a terminal."""

import unicodedata


def cells(text):
    """Columns: two for what Unicode calls wide, none for what combines."""
    return sum(0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in text)

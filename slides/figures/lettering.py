"""How wide a text is, near enough to wrap it and to place it.

The widths are those of DejaVu Sans, the widest of the faces the talk may be set in: what fits in it
fits in the others.
"""

# Widths in hundredths of the size.
_WIDTHS = {
    28: "'ijlIJ",
    33: " ,./:;\\|",
    39: "f-()[]tr!",
    47: '"*_`',
    54: "szc?L",
    59: "Fkvxy",
    62: "PTYaoeES",
    64: "bdghnpqu0123456789${}",
    69: "KAVBRXZC",
    75: "UHN",
    79: "DG&OQ",
    84: "w#+<=>^~M",
    98: "%mW@",
}
_WIDTH = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_BOLDER = 1.13
_MONO = 60.3
BOLD = 600


def measure(text: str, size: float, weight: int = 400, mono: bool = False) -> float:
    """The width of one line of text, in the units of its size."""
    if mono:
        return len(text) * _MONO * size / 100
    width = sum(_WIDTH.get(letter, 80) for letter in text) * size / 100
    return width * _BOLDER if weight >= BOLD else width


def wrap(text: str, width: float, size: float, weight: int = 400, mono: bool = False) -> list[str]:
    """The text in lines no wider than `width`; a newline in it always breaks, a word never does."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}".strip()
            if line and measure(longer, size, weight, mono) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines

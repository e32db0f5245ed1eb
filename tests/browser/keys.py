"""The keyboard of WebDriver: https://www.w3.org/TR/webdriver2/#keyboard-actions."""

NAMES = {
    "Backspace": "\ue003",
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Shift": "\ue008",
    "Control": "\ue009",
    "Alt": "\ue00a",
    "Escape": "\ue00c",
    "Space": " ",
    "PageUp": "\ue00e",
    "PageDown": "\ue00f",
    "End": "\ue010",
    "Home": "\ue011",
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
    "Delete": "\ue017",
    "Meta": "\ue03d",
}

Action = dict[str, str]


def press(key: str) -> list[Action]:
    """Press a key: `"ArrowRight"`, `"a"`, or several at a time as in `"Control+Enter"`."""
    names = [key] if len(key) == 1 else key.split("+")
    keys = [NAMES.get(each, each) for each in names]
    down = [{"type": "keyDown", "value": each} for each in keys]
    return down + [{"type": "keyUp", "value": each} for each in reversed(keys)]


def type_in(text: str) -> list[Action]:
    """Press the keys of a text, one after the other."""
    names = ["Enter" if character == "\n" else character for character in text]
    return [action for each in names for action in press(each)]

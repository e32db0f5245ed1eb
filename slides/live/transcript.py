"""What a command said, as plain bounded text and as HTML for a slide."""

import codecs
import html
import re
import textwrap
from typing import Any

MOST_LINES = 200
MOST_CHARACTERS = 20_000

ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # window titles and links
    r"|\x1b[@-Z\\-_]"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1a\x7f]"
)

# :where() weighs nothing, so that a theme has the last word.
STYLE = (
    "<style>:where(pre.transcript){white-space:pre-wrap;overflow-wrap:anywhere;margin:0}"
    ":where(pre.transcript .prompt){color:var(--muted,#55617a);user-select:none}"
    ":where(pre.transcript .command){color:var(--accent,#0b6b82);font-weight:700}"
    ":where(pre.transcript .end){color:var(--hot,#b4430c);font-style:italic}</style>"
)


class Transcript:
    """A command, its `output` without colours and cursor tricks, and its exit `status`.

    `status` is None while the command runs, and the negative signal number where one ended it.
    """

    def __init__(self, command: str) -> None:
        self.command = textwrap.dedent(command).strip()
        self.output = ""
        self.status: int | None = None
        self.end = ""
        self.is_full = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._raw = ""

    def add(self, chunk: bytes) -> None:
        """Add what the command wrote, up to the transcript's bounds."""
        if self.is_full:
            return
        self._raw += self._decoder.decode(chunk)
        self.output = plain(self._raw)
        lines = self.output.splitlines(keepends=True)
        if len(lines) > MOST_LINES:
            self._cut("".join(lines[:MOST_LINES]), f"Cut after {MOST_LINES} lines.")
        elif len(self._raw) > MOST_CHARACTERS:
            self._cut(self.output[:MOST_CHARACTERS], f"Cut after {MOST_CHARACTERS} characters.")

    def _cut(self, output: str, why: str) -> None:
        self.output, self.end, self.is_full = output, why, True

    @property
    def closing(self) -> str:
        """The sentence under the output: why it ends, or an exit status that is no success."""
        if self.end or not self.status:
            return self.end
        return f"Exit status {self.status}."

    def bundle(self) -> dict[str, Any]:
        """Give the transcript as a notebook displays it."""
        typed = self.command.replace("\n", "\n  ")  # in line with what follows the prompt
        command, output = html.escape(typed), html.escape(self.output)
        parts = [f'<span class="prompt">$ </span><span class="command">{command}</span>\n']
        parts.append(f'<span class="output">{output}</span>')
        text = f"$ {typed}\n{self.output}"
        if self.closing:
            newline = "" if self.output.endswith("\n") or not self.output else "\n"
            parts.append(f'{newline}<span class="end">{html.escape(self.closing)}</span>')
            text += f"{newline}{self.closing}"
        return {
            "text/html": f'{STYLE}<pre class="transcript">{"".join(parts)}</pre>',
            "text/plain": text,
        }

    def _ipython_display_(self) -> None:
        """Show nothing as a cell's value: the transcript is on the slide already."""


def plain(text: str) -> str:
    """Give text as a terminal would leave it: no escape sequences, a returned line overwritten."""
    text = ESCAPES.sub("", text.replace("\r\n", "\n"))
    if "\r" not in text:
        return text
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))

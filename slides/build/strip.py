"""Draws a recorded run's lag strip: the loop's ticks over time, and a gap where it was blocked."""

WIDTH, HEIGHT = 1160, 64
EDGE = 20
BASE = 44
BAR = 22
LABEL = 150  # the room a gap's label needs, in the drawing's units
# Milliseconds of lag: with less, a tick was merely late. The build keeps the machine busy.
GAP = 400

ACCENT = "var(--accent,#0b6b82)"
HOT = "var(--hot,#b4430c)"
MUTED = "var(--muted,#55617a)"
LINE = "var(--line,#d9d4c7)"


def lag_strip(ticks: list[list[float]]) -> str:
    """Give the SVG for ticks of [seconds since the start, lag in milliseconds].

    A tick stands where it came; the loop was blocked for the lag before it.
    """
    if not ticks:
        return ""
    end = max(ticks[-1][0], 0.5)
    scale = (WIDTH - 2 * EDGE) / end
    gaps = sorted((tick for tick in ticks if tick[1] >= GAP), key=lambda tick: -tick[1])
    words = f"The loop was {said(gaps[0][1])}" if gaps else "The loop ticked evenly"
    parts = [
        axis(end),
        *(bar(EDGE + seconds * scale, lag / 1000 * scale) for seconds, lag in gaps),
        *(mark(EDGE + seconds * scale, lag) for seconds, lag in ticks),
        *labels([(EDGE + (at - lag / 2000) * scale, said(lag)) for at, lag in gaps]),
    ]
    return (
        f'<svg class="strip" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-size="17">'
        f"<title>{words} during the {end:.1f} seconds recorded.</title>{''.join(parts)}</svg>"
    )


def said(lag: float) -> str:
    """A gap in words."""
    return f"blocked {lag / 1000:.1f} s"


def bar(right: float, width: float) -> str:
    """The time the loop was blocked."""
    left = max(right - width, EDGE)
    return (
        f'<rect x="{left:.1f}" y="{BASE - BAR}" width="{right - left:.1f}" height="{BAR}" rx="5" '
        f'style="fill:{HOT}"/>'
    )


def mark(x: float, lag: float) -> str:
    """A tick, the higher the later it came."""
    height = min(2 + lag / 5, BAR + 4)
    return (
        f'<rect x="{x - 1.5:.1f}" y="{BASE - height:.1f}" width="3" height="{height:.1f}" '
        f'style="fill:{ACCENT}"/>'
    )


def labels(gaps: list[tuple[float, str]]) -> list[str]:
    """The words over the gaps, the longest gap first; one without room has none."""
    placed: list[float] = []
    texts = []
    for middle, words in gaps:
        x = min(max(middle, LABEL / 2), WIDTH - LABEL / 2)
        if all(abs(x - other) >= LABEL for other in placed):
            placed.append(x)
            texts.append(
                f'<text x="{x:.1f}" y="{BASE - BAR - 8}" text-anchor="middle" '
                f'style="fill:{HOT};font-weight:700">{words}</text>'
            )
    return texts


def axis(end: float) -> str:
    """The line the ticks stand on, from 0 to `end` seconds."""
    style = f'style="fill:{MUTED}"'
    return (
        f'<line x1="{EDGE}" x2="{WIDTH - EDGE}" y1="{BASE}" y2="{BASE}" '
        f'style="stroke:{LINE};stroke-width:2"/>'
        f'<text x="{EDGE}" y="{BASE + 18}" {style}>0 s</text>'
        f'<text x="{WIDTH - EDGE}" y="{BASE + 18}" text-anchor="end" {style}>{end:.1f} s</text>'
    )

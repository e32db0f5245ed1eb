"""Draws a recorded run's lag strip: the loop's ticks over time, and a gap where it was blocked."""

from xml.sax.saxutils import escape

WIDTH, HEIGHT = 1160, 64
BASE = 44
GAP = 150  # milliseconds of lag that a person notices


def lag_strip(ticks: list[list[float]]) -> str:
    """Give the SVG for ticks of [seconds since the start, lag in milliseconds].

    A tick stands where it came; the loop was blocked for the lag before it.
    """
    if not ticks:
        return ""
    end = max(ticks[-1][0], 0.5)
    scale = (WIDTH - 40) / end
    parts, words = [], "The loop ticked evenly"
    for seconds, lag in ticks:
        x = 20 + seconds * scale
        if lag >= GAP:
            width = min(lag / 1000 * scale, x - 20)
            label = f"blocked {lag / 1000:.1f} s"
            words = f"The loop was {label}"
            parts.append(
                f'<rect x="{x - width:.1f}" y="{BASE - 22}" width="{width:.1f}" height="22" rx="5" '
                f'style="fill:var(--hot,#b4430c)"/>'
                f'<text x="{x - width / 2:.1f}" y="{BASE - 30}" text-anchor="middle" '
                f'style="fill:var(--hot,#b4430c);font-weight:700">{escape(label)}</text>'
            )
        height = min(2 + lag / 5, 26)
        parts.append(
            f'<rect x="{x - 1.5:.1f}" y="{BASE - height:.1f}" width="3" height="{height:.1f}" '
            f'style="fill:var(--accent,#0b6b82)"/>'
        )
    axis = (
        f'<line x1="20" x2="{WIDTH - 20}" y1="{BASE}" y2="{BASE}" '
        f'style="stroke:var(--line,#d9d4c7);stroke-width:2"/>'
        f'<text x="20" y="{BASE + 18}" style="fill:var(--muted,#55617a)">0 s</text>'
        f'<text x="{WIDTH - 20}" y="{BASE + 18}" text-anchor="end" '
        f'style="fill:var(--muted,#55617a)">{end:.1f} s</text>'
    )
    return (
        f'<svg class="strip" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-size="17">'
        f"<title>{escape(words)} during the {end:.1f} seconds recorded.</title>"
        f"{axis}{''.join(parts)}</svg>"
    )

"""The chart of results.json: a small bar chart for each row, with the bar that is to be reached as a line."""

from xml.sax.saxutils import escape

from report import FLOORS, NAMES, OURS, machine_text, rows_of, say

WIDTH, LEFT, BAR, LINE, GAP, COLUMN = 280, 84, 12, 15, 26, 460
# Who takes many times as long is cut off, so that the others can be told apart.
FAR = 4
STYLE = """text{fill:#1f2328}.t{font-weight:600;font-size:12.5px}.u{fill:#59636e}.ours{fill:#0969da}.floor{fill:#8c959f}.peer{fill:#c297ff}
.back{fill:#fff}.bar{stroke:#bc4c00;stroke-width:1.5;stroke-dasharray:3 2}.goal{fill:#bc4c00}.v{paint-order:stroke;stroke:#fff;stroke-width:3px}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.u{fill:#9198a1}.ours{fill:#4493f8}.floor{fill:#656c76}.peer{fill:#8957e5}
.back{fill:#0d1117}.bar{stroke:#f0883e}.goal{fill:#f0883e}.v{stroke:#0d1117}}"""


def panel(row, values, left, y):
    """(parts, the place below)."""
    limits = [limit for bar in row.bars if (limit := bar.limit(values)) is not None]
    known = {name: value for name, value in values.items() if value is not None}
    near = FAR * max([known.get(OURS, 0), *limits])
    top = max([value for value in (*known.values(), *limits) if value <= near] or [0]) or max(known.values(), default=0) or 1
    verdict = row.holds(values)
    goal = "" if verdict is None else f'<tspan class="goal"> · {escape(row.bar_text())}: {"holds" if verdict else "does not hold"}</tspan>'
    better = "more is better" if row.more else "less is better"
    unit = f"{row.unit}, {better}" if row.unit else better
    parts = [f'<text x="{left}" y="{y}" class="t">{escape(row.title)}</text>',
             f'<text x="{left}" y="{y + 14}" class="u">{escape(unit)}{goal}</text>']
    y += 22
    start, first, labels = left + LEFT, y, []
    for name in (name for name in NAMES if name in values):
        value = values[name]
        length = 0 if value is None else min(value / top, 1) * WIDTH
        kind = "ours" if name == OURS else "floor" if name in FLOORS else "peer"
        parts.append(f'<text x="{start - 6}" y="{y + 10}" text-anchor="end">{name}</text>'
                     f'<rect x="{start}" y="{y}" width="{max(length, 1):.1f}" height="{BAR}" class="{kind}"/>')
        if value is not None and value > top:
            at = start + WIDTH - 14
            parts.append(f'<path d="M{at} {y + BAR}l5 -{BAR}h4l-5 {BAR}z" class="back"/>')
        labels.append(f'<text x="{start + length + 5:.1f}" y="{y + 10}" class="v">{say(value)}</text>')
        y += LINE
    for limit in limits:
        at = start + limit / top * WIDTH
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{first - 3}" y2="{y}" class="bar"/>')
    return parts + labels, y


def chart(outcome):
    parts, ends = [], [66, 66]
    for row, values in rows_of(outcome):
        column = 0 if ends[0] <= ends[1] else 1
        made, end = panel(row, values, 16 + column * COLUMN, ends[column])
        parts += made
        ends[column] = end + GAP
    width, height = 16 + 2 * COLUMN, max(ends)
    about = f"{machine_text(outcome['machine'])} A dashed line is the bar to be reached; a cut bar is longer than shown."
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            'font-family="system-ui,sans-serif" font-size="11" role="img"><title>Bootsman beside its peers</title>'
            f'<style>{STYLE}</style><rect width="100%" height="100%" class="back"/>'
            f'<text x="16" y="22" class="t">Bootsman beside its peers</text><text x="16" y="38" class="u">{escape(about)}</text>'
            + "".join(parts) + "</svg>\n")

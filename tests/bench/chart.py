"""Bar charts in SVG, readable on light and dark pages."""

WIDTH, LABEL, BAR, GAP, TOP = 720, 150, 22, 10, 40
OURS, OTHERS = "#2f81f7", "#8b949e"


def bars(title: str, unit: str, values: list[tuple[str, float, bool]]) -> str:
    """A chart with a bar for each label and value; the third field selects the colour."""
    height = TOP + len(values) * (BAR + GAP) + GAP
    longest = max(value for _, value, _ in values)
    room = WIDTH - LABEL - 130
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">',
        "<style>text{font:14px system-ui,sans-serif;fill:#57606a}.t{font-weight:600}"
        "@media(prefers-color-scheme:dark){text{fill:#c9d1d9}}</style>",
        f'<text class="t" x="0" y="20">{title}</text>',
    ]
    for number, (label, value, ours) in enumerate(values):
        y = TOP + number * (BAR + GAP)
        length = max(2, room * value / longest)
        shown = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
        lines += [
            f'<text x="{LABEL - 10}" y="{y + 16}" text-anchor="end">{label}</text>',
            f'<rect x="{LABEL}" y="{y}" width="{length:.1f}" height="{BAR}" rx="3" fill="{OURS if ours else OTHERS}"/>',
            f'<text x="{LABEL + length + 8:.1f}" y="{y + 16}">{shown} {unit}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])

"""Just enough of SVG for charts: shapes and text on white, so that they read on any page."""

from html import escape

FONT = "font-family='Helvetica, Arial, sans-serif'"
INK, FAINT, GRID = "#222222", "#666666", "#dddddd"


class Drawing:
    """Coordinates are pixels from the upper left corner."""

    def __init__(self, width: float, height: float, title: str):
        self._head = (f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width:g} {height:g}' "
                      f"width='{width:g}' height='{height:g}' role='img' {FONT}>\n<title>{escape(title)}</title>")
        self._parts: list[str] = []
        self.box(0, 0, width, height, "#ffffff")

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        self._parts.append(f"<rect x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{height:.1f}' fill='{colour}'/>")

    def line(self, points: list[tuple[float, float]], colour: str, width: float = 1, dashes: str = "none") -> None:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self._parts.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='{width:g}' "
                           f"stroke-dasharray='{dashes}'/>")

    def dot(self, x: float, y: float, colour: str) -> None:
        self._parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='{colour}'/>")

    def text(self, x: float, y: float, text: str, size: int = 12, colour: str = INK, anchor: str = "start",
             bold: bool = False) -> None:
        """`y` is the base line; `anchor` says which end of the text, or its middle, is at `x`. A white rim keeps it
        readable on lines."""
        weight = " font-weight='bold'" if bold else ""
        rim = "stroke='#ffffff' stroke-width='3' paint-order='stroke'"
        self._parts.append(f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' fill='{colour}' {rim} "
                           f"text-anchor='{anchor}'{weight}>{escape(text)}</text>")

    def render(self) -> str:
        return "\n".join([self._head, *self._parts, "</svg>"]) + "\n"

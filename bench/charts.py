"""Two kinds of chart: panels of bars, each with a scale of its own, and lines over a logarithmic scale."""

import math
from dataclasses import dataclass

from svg import FAINT, GRID, INK, Drawing

WIDTH = 760
MARGIN = 20
NAMES_WIDTH = 160  # For what stands left of the bars.
LABELS_WIDTH = 160  # For what stands right of the longest.
BAR_HEIGHT, BAR_STEP = 16, 22
PANEL_HEAD, HEAD = 34, 56
PLOT_TOP, PLOT_HEIGHT = HEAD + 24, 340
LEFT, RIGHT = 70, 150


@dataclass
class Bar:
    name: str
    value: float
    label: str
    colour: str


@dataclass
class Panel:
    title: str
    bars: list[Bar]

    @property
    def height(self) -> float:
        return PANEL_HEAD + BAR_STEP * len(self.bars)


@dataclass
class Line:
    name: str
    points: list[tuple[float, float]]
    colour: str
    dashes: str = "none"


@dataclass
class Axes:
    """x from 0 to `x_max`; y logarithmic, in powers of ten that hold all points."""

    x_title: str
    y_title: str
    x_max: float
    x_step: float
    y_aim: float = 0  # A line to stay below; 0: none.


def bar_chart(title: str, note: str, panels: list[Panel]) -> str:
    drawing = Drawing(WIDTH, HEAD + sum(panel.height for panel in panels) + MARGIN, title)
    _heading(drawing, title, note)
    top: float = HEAD
    for panel in panels:
        _draw_panel(drawing, panel, top)
        top += panel.height
    return drawing.render()


def line_chart(title: str, note: str, axes: Axes, lines: list[Line]) -> str:
    drawing = Drawing(WIDTH, PLOT_TOP + PLOT_HEIGHT + 3 * MARGIN, title)
    _heading(drawing, title, note)
    scale = _Scale(axes, [y for line in lines for _, y in line.points])
    _draw_grid(drawing, axes, scale)
    for line in lines:
        points = [scale.place(x, y) for x, y in line.points]
        drawing.line(points, line.colour, 2, line.dashes)
        for x, y in points:
            drawing.dot(x, y, line.colour)
    _draw_names(drawing, scale, lines)
    return drawing.render()


def _heading(drawing: Drawing, title: str, note: str) -> None:
    drawing.text(MARGIN, 26, title, 17, bold=True)
    drawing.text(MARGIN, 44, note, 12, FAINT)


def _draw_panel(drawing: Drawing, panel: Panel, top: float) -> None:
    drawing.text(MARGIN, top + 22, panel.title, 13, bold=True)
    longest = max(bar.value for bar in panel.bars)
    room = WIDTH - 2 * MARGIN - NAMES_WIDTH - LABELS_WIDTH
    for number, bar in enumerate(panel.bars):
        y = top + PANEL_HEAD + BAR_STEP * number
        width = max(1, room * bar.value / longest)
        left = MARGIN + NAMES_WIDTH
        drawing.text(left - 8, y + 12, bar.name, 12, INK, "end")
        drawing.box(left, y, width, BAR_HEIGHT, bar.colour)
        drawing.text(left + width + 6, y + 12, bar.label, 12)


class _Scale:
    def __init__(self, axes: Axes, values: list[float]):
        self.x_max = axes.x_max
        self.low = math.floor(math.log10(min(values)))
        self.high = max(self.low + 1, math.ceil(math.log10(max([*values, axes.y_aim or 0.001]))))

    def place(self, x: float, y: float) -> tuple[float, float]:
        across = (WIDTH - LEFT - RIGHT) * x / self.x_max
        up = PLOT_HEIGHT * (math.log10(y) - self.low) / (self.high - self.low)
        return LEFT + across, PLOT_TOP + PLOT_HEIGHT - up


def _draw_grid(drawing: Drawing, axes: Axes, scale: _Scale) -> None:
    for power in range(scale.low, scale.high + 1):
        ends = [scale.place(0, 10.0**power), scale.place(axes.x_max, 10.0**power)]
        drawing.line(ends, GRID)
        drawing.text(ends[0][0] - 8, ends[0][1] + 4, f"{10.0**power:g}", 12, FAINT, "end")
    for number in range(round(axes.x_max / axes.x_step) + 1):
        x, y = scale.place(number * axes.x_step, 10.0**scale.low)
        drawing.line([(x, y), (x, y + 4)], FAINT)
        drawing.text(x, y + 18, f"{number * axes.x_step:,g}", 12, FAINT, "middle")
    drawing.text(LEFT + (WIDTH - LEFT - RIGHT) / 2, PLOT_TOP + PLOT_HEIGHT + 38, axes.x_title, 12, INK, "middle")
    drawing.text(LEFT - 8, PLOT_TOP - 12, axes.y_title, 12, INK, "end")
    if axes.y_aim:
        ends = [scale.place(0, axes.y_aim), scale.place(axes.x_max, axes.y_aim)]
        drawing.line(ends, FAINT, 1, "2 4")
        drawing.text(ends[0][0] + 6, ends[0][1] - 5, f"aim: below {axes.y_aim:g}", 11, FAINT)


def _draw_names(drawing: Drawing, scale: _Scale, lines: list[Line]) -> None:
    """At the right ends of the lines, moved apart where they would cover each other."""
    below = math.inf
    for line in sorted(lines, key=lambda one: one.points[-1][1]):
        x, y = scale.place(*line.points[-1])
        below = min(y + 4, below - 16)
        drawing.text(x + 10, below, line.name, 12, line.colour, bold=True)

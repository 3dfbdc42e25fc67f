"""docs/performance.md and the files beside it in docs/performance/: one JSON a work, and plots.

The tables are made from the files, so that works may be measured at different times; each file has
the conditions of its own run. The prose around the tables stays.
"""

import json
from pathlib import Path

import aims
import plots
import report
from bench import Work
from report import Measured

BEGIN, END = "<!-- written by bench/run: begin -->", "<!-- written by bench/run: end -->"


class Document:
    def __init__(self, docs: Path, works: list[Work]):
        self._page, self._folder = docs / "performance.md", docs / "performance"
        self._works = {work.name: work for work in works}

    def keep(self, measured: list[Measured]) -> None:
        """In place of what these works gave the last time."""
        self._folder.mkdir(exist_ok=True)
        for one in measured:
            self._file(one.work.name).write_text(json.dumps(one.as_json(), indent=1) + "\n")

    def write(self) -> None:
        """Tables and plots of everything that is kept."""
        measured = [report.from_json(self._file(name).read_text(), self._works) for name in self._works
                    if self._file(name).exists()]
        pictures = plots.all_plots({one.work.name: one.figures for one in measured})
        for name, picture in pictures.items():
            (self._folder / f"{name}.svg").write_text(picture)
        self._replace(_text(measured, list(pictures)))

    def _file(self, work: str) -> Path:
        return self._folder / f"{work}.json"

    def _replace(self, text: str) -> None:
        page = self._page.read_text(encoding="utf-8")
        if BEGIN not in page or END not in page:
            raise ValueError(f"{self._page} has no lines {BEGIN} and {END}")
        before, after = page.split(BEGIN, 1)[0], page.split(END, 1)[1]
        self._page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def _text(measured: list[Measured], pictures: list[str]) -> str:
    common = report.common_conditions(measured)
    lines = _table([["conditions", ""], *([name, value] for name, value in common.items())])
    lines += ["", "### aims", "", "On which the server was built, with two cores shared with generator and sink.", "",
              *_table(aims.table({one.work.name: one.figures for one in measured}))]
    for name in pictures:
        lines += ["", f"![{plots.TITLES[name]}](performance/{name}.svg)"]
    for one in measured:
        lines += ["", f"### {one.work.name}", "", f"{one.work.says[0].upper()}{one.work.says[1:]}."]
        own = report.own_conditions(one, common)
        lines += ["", "; ".join(f"{name}: {value}" for name, value in own.items())] if own else []
        lines += ["", *_table(one.table())]
    return "\n".join(lines)


def _table(rows: list[list[str]]) -> list[str]:
    rows = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]

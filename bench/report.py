"""What was measured: as tables for a terminal, and as the files that docs/performance.md is made from."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from bench import Work


@dataclass
class Measured:
    """The figures of one work, and what has to be known to judge them."""

    work: Work
    conditions: dict[str, str]
    figures: list

    def table(self) -> list[list[str]]:
        """Without columns that say nothing; the first row is the head."""
        rows = self.work.table(self.figures)
        columns = [column for column in zip(*rows, strict=True) if any(column[1:])]
        return [list(row) for row in zip(*columns, strict=True)]

    def errors(self) -> list[str]:
        return [f"{self.work.name}, {figure.server}: {figure.error}" for figure in self.figures
                if getattr(figure, "error", "")]

    def as_json(self) -> dict:
        return {"work": self.work.name, "conditions": self.conditions,
                "figures": [dataclasses.asdict(figure) for figure in self.figures]}


def from_json(text: str, works: dict[str, Work]) -> Measured:
    found = json.loads(text)
    work = works[found["work"]]
    return Measured(work, found["conditions"], [work.figure(**figure) for figure in found["figures"]])


def write_json(file: Path, measured: list[Measured]) -> None:
    file.write_text(json.dumps([one.as_json() for one in measured], indent=1) + "\n")


def common_conditions(measured: list[Measured]) -> dict[str, str]:
    """Those that are the same for all works that have them."""
    found: dict[str, set[str]] = {}
    for one in measured:
        for name, value in one.conditions.items():
            found.setdefault(name, set()).add(value)
    return {name: values.pop() for name, values in found.items() if len(values) == 1}


def own_conditions(one: Measured, common: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in one.conditions.items() if name not in common}


def for_terminal(measured: list[Measured]) -> str:
    lines = [f"{name}: {value}" for name, value in common_conditions(measured).items()]
    for one in measured:
        lines += ["", f"{one.work.name}: {one.work.says}"]
        table = one.table()
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                  for row in table]
    return "\n".join(lines)

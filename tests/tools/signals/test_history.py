from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.errors import HistoryInvalid
from tools.signals.history import arranged, iso, read_csv, seconds

ROWS = [f"2025-01-01 {hour:02}:00:00{{d}}{hour}.5" for hour in range(24)]


def _csv(folder: Path, header: str = "timestamp,value", rows: list[str] | None = None, encoding: str = "utf-8") -> Path:
    path = folder / "history.csv"
    delimiter = ";" if ";" in header else ","
    path.write_text("\n".join([header, *(rows or ROWS)]).replace("{d}", delimiter), encoding=encoding)
    return path


@pytest.mark.parametrize("header", ["timestamp,value", "value_time,x", "Time;Temperature", "时间,数值"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_usual_files_are_read(tmp_path: Path, header: str, encoding: str) -> None:
    times, values = read_csv(_csv(tmp_path, header, encoding=encoding))
    assert iso(times[0]) == "2025-01-01T00:00:00Z"
    assert values.tolist() == [hour + 0.5 for hour in range(24)]


def test_rows_are_sorted_and_missing_readings_kept(tmp_path: Path) -> None:
    times, values = read_csv(_csv(tmp_path, rows=[*ROWS[::-1], "2025-01-02,", ""]))
    assert np.all(np.diff(times) > 0)
    assert np.isnan(values[-1])


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        ("timestamp,value", [*ROWS[:4], "2025-01-03,hot", *ROWS[4:]], "'hot' is not a number. (history.csv, line 6, c"),
        ("timestamp,value", [*ROWS, "soon,4"], "'soon' is not a time. (history.csv, line 26, column 'timestamp')"),
        ("timestamp,load,speed", ROWS, "There is no column 'value'; the columns are 'timestamp', 'load', 'speed'."),
        ("timestamp,value", ROWS[:19], "There are 19 readings; 20 are the fewest."),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(
    tmp_path: Path, header: str, rows: list[str], said: str
) -> None:
    with pytest.raises(HistoryInvalid) as caught:
        read_csv(_csv(tmp_path, header, rows))
    assert said in str(caught.value)
    assert caught.value.fix


def test_a_named_column_is_used_and_a_missing_file_is_named(tmp_path: Path) -> None:
    path = _csv(tmp_path, "a,timestamp,speed", [f"1,{row}" for row in ROWS])
    assert read_csv(path, value_column="speed")[1][3] == 3.5
    with pytest.raises(HistoryInvalid, match="No such file"):
        read_csv(tmp_path / "none.csv")


def test_times_of_every_zone_meet() -> None:
    assert seconds("2025-01-01T08:00:00+08:00") == seconds("2025/01/01 00:00") == seconds("1735689600")
    with pytest.raises(HistoryInvalid, match="1 times and 2 values"):
        arranged(["2025-01-01"], [1.0, 2.0], where="flow")

from __future__ import annotations

import io
import stat
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.errors import BundleError
from agents.spec.archive import pack, unpack

FILES = {"app.yaml": b"dsl: 1\n", "prompts/\xe9.md": b"hello", "data/x.bin": bytes(range(256))}


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


def with_mode(mode: int, content: bytes = b"/etc/passwd") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("app.yaml", "dsl: 1\n")
        info = zipfile.ZipInfo("prompts/link")
        info.create_system = 3
        info.external_attr = mode << 16
        file.writestr(info, content)
    return buffer.getvalue()


def test_round_trip() -> None:
    assert unpack(pack(FILES)) == FILES
    assert unpack(archive(FILES)) == FILES


def test_the_same_files_make_the_same_bytes() -> None:
    assert pack(FILES) == pack(dict(reversed(FILES.items())))


def test_very_regular_data_can_be_exported_and_imported() -> None:
    files = {"app.yaml": b"dsl: 1\n", "data/zeros": bytes(3_000_000)}
    assert unpack(pack(files)) == files


def test_one_top_folder_is_left_away() -> None:
    assert unpack(archive({f"pump-main/{name}": content for name, content in FILES.items()})) == FILES


def test_two_top_folders_are_kept() -> None:
    assert set(unpack(archive({"a/app.yaml": b"", "b/x": b""}))) == {"a/app.yaml", "b/x"}


def test_what_systems_leave_behind_is_left_out() -> None:
    extra = {"__MACOSX/._app.yaml": b"", ".git/config": b"", "data/.DS_Store": b"", "data/": b""}
    assert unpack(archive({**FILES, **extra})) == FILES


@pytest.mark.parametrize(
    "name", ["../evil", "a/../../evil", "/etc/evil", "..\\evil", "C:\\evil", "c:evil", "a/./b", "a//b", "x\u202ey"]
)
def test_names_that_lead_out(name: str) -> None:
    with pytest.raises(BundleError):
        unpack(archive({"app.yaml": b"", name: b"x"}))


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644, stat.S_IFCHR | 0o644, stat.S_IFSOCK])
def test_links_and_devices(mode: int) -> None:
    with pytest.raises(BundleError, match="link or a device"):
        unpack(with_mode(mode))


def test_ordinary_modes() -> None:
    assert unpack(with_mode(stat.S_IFREG | 0o755))["prompts/link"] == b"/etc/passwd"


def test_a_name_that_stands_twice() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("app.yaml", "dsl: 1\n")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("app.yaml", "dsl: 2\n")
    with pytest.raises(BundleError, match="twice"):
        unpack(buffer.getvalue())


def test_a_bomb_of_one_file() -> None:
    bomb = archive({"app.yaml": b"", "zeros": bytes(20_000_000)})
    assert len(bomb) < 50_000
    with pytest.raises(BundleError, match="100 times"):
        unpack(bomb)


def test_a_bomb_of_many_files() -> None:
    bomb = archive({f"data/{number}": bytes(1_000_000) for number in range(70)})
    with pytest.raises(BundleError, match="64 MB"):
        unpack(bomb)


def test_a_bomb_of_names() -> None:
    with pytest.raises(BundleError, match="2000 files"):
        unpack(archive({f"data/{number}": b"" for number in range(2001)}))


def test_a_bomb_that_hides_its_size() -> None:
    """The lists say 10 bytes; the data unpacks to 20 MB, which are never made."""
    bomb = archive({"app.yaml": bytes(20_000_000)})
    lying = bomb.replace(struct.pack("<L", 20_000_000), struct.pack("<L", 10))
    assert lying != bomb
    with pytest.raises(BundleError, match="damaged"):
        unpack(lying)


def test_a_list_of_files_that_fills_the_memory() -> None:
    good = archive({"app.yaml": b""})
    end = good.rfind(b"PK\x05\x06")
    huge = good[: end + 12] + struct.pack("<L", 0x7FFFFFFF) + good[end + 16 :]
    with pytest.raises(BundleError, match="too many files"):
        unpack(huge)


def test_a_second_list_in_the_64_bit_format() -> None:
    good = archive({"app.yaml": b""})
    end = good.rfind(b"PK\x05\x06")
    locator = b"PK\x06\x07" + bytes(16)
    with pytest.raises(BundleError, match="too many files"):
        unpack(good[:end] + locator + good[end:])


def test_encrypted_members() -> None:
    good = archive({"app.yaml": b"dsl: 1\n"}, zipfile.ZIP_STORED)
    central = good.rfind(b"PK\x01\x02")
    marked = bytearray(good)
    marked[central + 8] |= 1
    with pytest.raises(BundleError, match="encrypted"):
        unpack(bytes(marked))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression(method: int) -> None:
    with pytest.raises(BundleError, match="unusual"):
        unpack(archive({"app.yaml": b"dsl: 1\n"}, method))


@pytest.mark.parametrize("data", [b"", b"PK", b"hello", b"PK\x05\x06", b"PK\x03\x04" + bytes(40), bytes(100)])
def test_what_is_no_archive(data: bytes) -> None:
    with pytest.raises(BundleError):
        unpack(data)


def test_damaged_content() -> None:
    data = bytearray(archive({"app.yaml": b"dsl: 1\n" * 50}, zipfile.ZIP_STORED))
    data[60] ^= 0xFF
    with pytest.raises(BundleError, match="damaged"):
        unpack(bytes(data))


@given(st.data())
def test_any_damage_is_an_error_or_harmless(draw: st.DataObject) -> None:
    data = bytearray(archive({"app.yaml": b"dsl: 1\n" * 20, "prompts/a.md": b"x" * 50}))
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    try:
        files = unpack(bytes(data[: draw.draw(st.integers(0, len(data)))]))
    except BundleError:
        return
    assert all(len(content) < 1000 for content in files.values())

from __future__ import annotations

import os
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from agents.errors import BundleError, BundleNotFound
from agents.spec import Bundle, export_zip, read_bundle, read_zip, write_bundle

from .samples import EXAMPLE, MINIMAL

FILES = {
    "app.yaml": MINIMAL.encode(),
    "prompts/系统.md": "你好\n".encode(),
    "kb/manuals.yaml": b"a: 1\n",
    "data/x.bin": bytes(range(256)),
    "layout.json": b'{"read": [1, 2]}',
    "bundle.lock": b"{}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "app"
    write_bundle(Bundle(FILES), home)
    return home


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_are_sorted_and_frozen() -> None:
    files = dict(reversed(FILES.items()))
    bundle = Bundle(files)
    files.clear()
    assert list(bundle.files) == sorted(FILES)
    with pytest.raises(TypeError):
        bundle.files["x"] = b""  # pyright: ignore[reportIndexIssue]
    assert bundle == Bundle(FILES)
    assert hash(bundle) == hash(Bundle(FILES))


@pytest.mark.parametrize("name", ["../x", "/x", "a\\b", ""])
def test_names_are_checked(name: str) -> None:
    with pytest.raises(BundleError):
        Bundle({name: b""})


def test_the_digest_is_a_plain_listing() -> None:
    listing = "".join(f"{sha256(FILES[name]).hexdigest()}  {name}\n" for name in sorted(FILES) if name != "layout.json")
    assert Bundle(FILES).digest == sha256(listing.encode()).hexdigest()


@pytest.mark.parametrize("name", sorted(set(FILES) - {"layout.json"}))
def test_the_digest_covers_content_and_names(name: str) -> None:
    digest = Bundle(FILES).digest
    assert Bundle({**FILES, name: FILES[name] + b"\n"}).digest != digest
    rest = {other: content for other, content in FILES.items() if other != name}
    assert Bundle(rest).digest != digest
    assert Bundle({**rest, f"{name}2": FILES[name]}).digest != digest


def test_the_digest_leaves_the_layout_out() -> None:
    assert Bundle({**FILES, "layout.json": b"{}"}).digest == Bundle(FILES).digest


def test_texts() -> None:
    bundle = Bundle({**FILES, "bom.md": b"\xef\xbb\xbfhi", "bad.md": b"caf\xe9"})
    assert bundle.app_text == MINIMAL
    assert bundle.text("prompts/系统.md") == "你好\n"
    assert bundle.text("bom.md") == "hi"
    with pytest.raises(BundleError, match="UTF-8") as caught:
        bundle.text("bad.md")
    assert caught.value.where == "bad.md"


def test_missing_texts() -> None:
    with pytest.raises(BundleNotFound, match=r"prompts/系\.md") as caught:
        Bundle(FILES).text("prompts/系.md")
    assert caught.value.fix == "Did you mean prompts/系统.md?"
    assert (caught.value.code, caught.value.exit_code, caught.value.status) == ("BG705", 3, 404)


def test_layout() -> None:
    assert Bundle(FILES).layout == {"read": [1, 2]}
    assert Bundle({}).layout == {}


@pytest.mark.parametrize("content", [b"[]", b"{", b"\xff", b"[" * 100_000])
def test_layouts_that_are_none(content: bytes) -> None:
    with pytest.raises(BundleError):
        _ = Bundle({"layout.json": content}).layout


def test_canonical() -> None:
    bundle = Bundle({**FILES, "app.yaml": EXAMPLE.encode()}).canonical()
    assert bundle.app_text != EXAMPLE
    assert bundle.canonical() == bundle
    broken = Bundle({"app.yaml": b"a: ["})
    assert broken.canonical() == broken


def test_folder_round_trip(folder: Path) -> None:
    assert read_bundle(folder) == Bundle(FILES)
    assert read_bundle(str(folder)) == Bundle(FILES)
    assert read_bundle(folder / "app.yaml") == Bundle(FILES)
    assert tree(folder) == FILES


def test_zip_round_trip(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "app.zip"
    write_bundle(Bundle(FILES), place)
    assert read_bundle(place) == Bundle(FILES)
    assert [path.name for path in place.parent.iterdir()] == ["app.zip"]
    assert place.read_bytes() == export_zip(Bundle(FILES))
    assert read_zip(place.read_bytes()).digest == Bundle(FILES).digest


def test_export_keeps_the_author_s_layout() -> None:
    bundle = Bundle({"app.yaml": EXAMPLE.encode()})
    assert read_zip(export_zip(bundle)) == bundle


def test_a_canonical_file_is_saved_as_it_is(folder: Path) -> None:
    write_bundle(Bundle({**FILES, "app.yaml": EXAMPLE.encode()}), folder)
    once = tree(folder)
    write_bundle(read_bundle(folder), folder)
    assert tree(folder) == once


def test_hidden_files_are_left_alone(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x")
    (folder / "prompts" / ".DS_Store").write_text("x")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").write_text("x")
    (folder / ".venv").symlink_to("/usr")
    assert read_bundle(folder) == Bundle(FILES)
    write_bundle(Bundle({"app.yaml": FILES["app.yaml"]}), folder)
    assert (folder / ".git" / "config").exists()
    assert (folder / "prompts" / ".DS_Store").exists()
    assert read_bundle(folder) == Bundle({"app.yaml": FILES["app.yaml"]})


def test_writing_again_removes_what_is_gone(folder: Path) -> None:
    files = {"app.yaml": FILES["app.yaml"], "prompts/new/deep.md": b"x"}
    write_bundle(Bundle(files), folder)
    assert tree(folder) == files
    assert not (folder / "kb").exists()


def test_a_name_in_another_case_takes_the_old_one_s_place(folder: Path) -> None:
    files = {name.replace("kb/manuals", "kb/Manuals"): content for name, content in FILES.items()}
    write_bundle(Bundle(files), folder)
    assert read_bundle(folder) == Bundle(files)


def test_other_folders_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(BundleError, match="other files"):
        write_bundle(Bundle(FILES), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    write_bundle(Bundle(FILES), tmp_path)
    assert tree(tmp_path) == FILES


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BundleError, match="cannot be written"):
        write_bundle(Bundle(FILES), tmp_path / "app")


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BundleError, match="cannot be written"):
        write_bundle(Bundle(FILES), tmp_path / "file" / "app")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_in_the_way_leaves_no_rest(folder: Path) -> None:
    files = {**FILES, "prompts": b"now a file"}
    del files["prompts/系统.md"]
    with pytest.raises(BundleError, match="cannot be written"):
        write_bundle(Bundle(files), folder)
    assert not list(folder.rglob("*.tmp"))


@pytest.mark.parametrize("name", ["nowhere", "nowhere/app.yaml", "nowhere.zip", "app.yaml", "empty", "empty.zip"])
def test_what_is_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as file:
        file.writestr("readme.md", "x")
    with pytest.raises(BundleNotFound) as caught:
        read_bundle(tmp_path / name)
    assert caught.value.fix


def test_a_folder_without_an_app_is_not_searched(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc")
    with pytest.raises(BundleNotFound):
        read_bundle(tmp_path)


def test_what_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text("dsl: 1\n")
    with pytest.raises(BundleError, match="no bundle") as caught:
        read_bundle(tmp_path / "flow.yaml")
    assert not isinstance(caught.value, BundleNotFound)


def test_an_app_that_is_not_utf_8(folder: Path) -> None:
    (folder / "app.yaml").write_bytes(b"\xff\xfed\x00")
    with pytest.raises(BundleError, match="UTF-8"):
        read_bundle(folder)


@pytest.mark.parametrize("target", ["/etc/passwd", "app.yaml", "nowhere"])
def test_links_in_a_folder(folder: Path, target: str) -> None:
    (folder / "data" / "link").symlink_to(target)
    with pytest.raises(BundleError, match="link"):
        read_bundle(folder)
    with pytest.raises(BundleError, match="link"):
        write_bundle(Bundle(FILES), folder)


def test_a_linked_folder_is_neither_read_nor_written_through(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "extra").symlink_to(outside)
    with pytest.raises(BundleError, match="link"):
        write_bundle(Bundle({**FILES, "extra/x": b"x"}), folder)
    assert not list(outside.iterdir())


def test_pipes_in_a_folder(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(BundleError, match="link or a device"):
        read_bundle(folder)


def test_too_many_files_in_a_folder(folder: Path) -> None:
    for number in range(2001):
        (folder / "data" / str(number)).touch()
    with pytest.raises(BundleError, match="2000 files"):
        read_bundle(folder)


def test_a_file_that_is_too_large(folder: Path) -> None:
    with (folder / "data" / "huge").open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(BundleError, match="64 MB"):
        read_bundle(folder)

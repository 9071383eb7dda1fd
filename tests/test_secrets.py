import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.secrets import Sealer, SecretError, ensure_key, keyed_hash, load_key, seal, unseal

KEY = bytes(range(32))


def test_key_is_made_once_and_only_for_its_owner(tmp_path):
    key = ensure_key(tmp_path)
    assert len(key) == 32
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert ensure_key(tmp_path) == key
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_processes_that_start_together_agree_on_one_key(tmp_path):
    code = (
        "import sys, pathlib; from data.secrets import *; print(ensure_key(pathlib.Path(sys.argv[1])).hex())"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert len({run.communicate(timeout=60)[0] for run in runs}) == 1


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [
        ("", 0o600, "0 bytes; expected 32"),
        ("00" * 32, 0o600, "can be guessed"),
        ("deadbeef" * 8, 0o600, "can be guessed"),
        (bytes(range(31)).hex(), 0o600, "31 bytes; expected 32"),
        ("changeme" * 8, 0o600, "not hexadecimal"),
        ("密钥", 0o600, "not hexadecimal"),
        (KEY.hex(), 0o644, "mode 0644; expected 0600"),
        (KEY.hex(), 0o640, "mode 0640; expected 0600"),
    ],
)
def test_weak_or_open_keys_are_refused_by_name(tmp_path, text, mode, says):
    path = tmp_path / "secret.key"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    with pytest.raises(SecretError, match=says) as refusal:
        ensure_key(tmp_path)
    assert str(path) in str(refusal.value)
    assert KEY.hex() not in str(refusal.value)


def test_absent_key_link_and_folder_are_refused(tmp_path):
    with pytest.raises(SecretError, match="No such file"):
        load_key(tmp_path)
    (tmp_path / "elsewhere").write_text(KEY.hex())
    os.symlink(tmp_path / "elsewhere", tmp_path / "secret.key")
    with pytest.raises(SecretError):
        ensure_key(tmp_path)


@given(st.text(), st.text(max_size=20))
def test_what_is_sealed_is_unsealed_in_its_own_context_only(text, context):
    box = seal(KEY, text, context=context)
    assert unseal(KEY, box, context=context) == text
    with pytest.raises(SecretError):
        unseal(KEY, box, context=context + "x")


def test_every_changed_bit_and_every_other_key_is_refused():
    sealer = Sealer(KEY)
    box = sealer.seal("13800138000", context="orders/7/caller_phone")
    assert b"138" not in box
    for place in range(len(box) * 8):
        broken = bytearray(box)
        broken[place // 8] ^= 1 << place % 8
        with pytest.raises(SecretError):
            sealer.unseal(bytes(broken), context="orders/7/caller_phone")
    with pytest.raises(SecretError):
        unseal(bytes(reversed(KEY)), box, context="orders/7/caller_phone")
    with pytest.raises(SecretError):
        sealer.unseal(b"", context="orders/7/caller_phone")


def test_boxes_of_one_text_differ_and_hashes_agree():
    assert seal(KEY, "沪A12345", context="c") != seal(KEY, "沪A12345", context="c")
    plate = keyed_hash(KEY, "沪A12345", context="plate")
    assert plate == keyed_hash(KEY, "沪A12345", context="plate")
    assert plate != keyed_hash(KEY, "沪A12345", context="phone")
    assert plate != keyed_hash(bytes(reversed(KEY)), "沪A12345", context="plate")

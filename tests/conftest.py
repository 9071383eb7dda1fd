"""Fixtures shared by the whole suite."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real records; tests that need it skip, and are counted, when it is absent."""
    folder = Path(os.environ.get("LINLI_TEST_DATA", ROOT / "../shared/data")).resolve()
    if not (folder / "README.md").is_file():
        pytest.skip(f"no real records at LINLI_TEST_DATA={folder}")
    return folder

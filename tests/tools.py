"""What the tests need from the system: Chromium, a font with Chinese, PostgreSQL's programs.

Run as a program, it installs what is missing: with root by apt-get, else by unpacking the same packages under
`.tools/`. It never fails: what cannot be had is named in one line, and the tests that need it skip and are counted.
Standard library only.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
TREE = TOOLS / "root"
CJK = ("NotoSansCJK*", "NotoSerifCJK*", "wqy-*", "DroidSansFallback*")
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>{tree}/usr/share/fonts</dir>
  <cachedir>{tools}/fonts</cachedir>
</fontconfig>
"""


def chromium() -> Path | None:
    """A Chromium to drive."""
    places = [shutil.which("chromium"), shutil.which("chromium-browser"), TREE / "usr/lib/chromium/chromium"]
    return next((Path(place) for place in places if place and Path(place).is_file()), None)


def chinese_font() -> Path | None:
    """A font file with Chinese characters."""
    folders = (Path("/usr/share/fonts"), TREE / "usr/share/fonts")
    return next((path for top in folders for name in CJK for path in top.rglob(name)), None)


def postgres_folder() -> Path | None:
    """The folder of the newest `initdb` and `postgres`."""
    found = [
        path.parent
        for top in (Path("/"), TREE)
        for path in top.glob("usr/lib/postgresql/*/bin/initdb")
        if path.with_name("postgres").is_file()
    ]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def environment() -> dict[str, str]:
    """Our environment, with the unpacked libraries and fonts where there are any."""
    env = dict(os.environ)
    if TREE.is_dir():
        libraries = [str(path) for top in ("lib", "usr/lib") for path in (TREE / top).glob("*-linux-gnu*")]
        pulse = [f"{path}/{sub}" for path in libraries for sub in ("pulseaudio", "blas", "lapack")]
        env["LD_LIBRARY_PATH"] = ":".join([*libraries, *pulse, env.get("LD_LIBRARY_PATH", "")]).rstrip(":")
        fonts = TOOLS / "fonts.conf"
        fonts.write_text(FONTS.format(tree=TREE, tools=TOOLS), encoding="utf-8")
        env["FONTCONFIG_FILE"] = str(fonts)
    return env


NEEDS = {
    "Chromium": (chromium, ("chromium",)),
    "a font with Chinese": (chinese_font, ("fonts-noto-cjk",)),
    "PostgreSQL": (postgres_folder, ("postgresql",)),
}


def missing() -> dict[str, tuple[str, ...]]:
    """What is not there: its name and the packages that bring it."""
    return {name: packages for name, (find, packages) in NEEDS.items() if find() is None}


def install() -> None:
    """Install what is missing, then say what still is."""
    for name, packages in missing().items():
        print(f"installing {name} ({', '.join(packages)})", flush=True)
        try:
            _with_root(packages) if os.geteuid() == 0 else _without_root(packages)
        except (OSError, subprocess.CalledProcessError) as error:
            reason = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
            print(f"  {reason[-1] if reason else error}", flush=True)
    for name, packages in missing().items():
        print(
            f"missing: {name}; tests that need it are skipped and counted; "
            f"expected package {', '.join(packages)}",
            flush=True,
        )


def _run(*command: str, cwd: Path | None = None) -> str:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=env, cwd=cwd)
    return done.stdout


def _with_root(packages: tuple[str, ...]) -> None:
    settings = Path("/etc/postgresql-common/createcluster.conf")
    if "postgresql" in packages and not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("create_main_cluster = false\n")  # the tests start clusters of their own
    _run("apt-get", "-qq", "update")
    _run(
        "apt-get", "-qq", "-y", "-o", "Dpkg::Options::=--force-confold",
        "install", "--no-install-recommends", *packages,
    )  # fmt: skip


def _without_root(packages: tuple[str, ...]) -> None:
    """Download the packages that an installation would add, and unpack them under `.tools/root`."""
    for name in ("lists/partial", "cache/archives/partial", "debs"):
        (TOOLS / "apt" / name).mkdir(parents=True, exist_ok=True)
    apt = (
        "apt-get", "-qq", "-o", "Debug::NoLocking=1", "-o", f"Dir::Cache={TOOLS / 'apt/cache'}",
        "-o", f"Dir::State::lists={TOOLS / 'apt/lists'}", "-o", "APT::Sandbox::User=",
    )  # fmt: skip
    _run(*apt, "update")
    plan = _run(*apt, "-s", "install", "--no-install-recommends", *packages)
    wanted = [
        f"{line.split()[1]}={line.split('(', 1)[1].split()[0]}"
        for line in plan.splitlines()
        if line.startswith("Inst ")
    ]
    debs = TOOLS / "apt/debs"
    _run(*apt, "download", *wanted, cwd=debs)
    TREE.mkdir(exist_ok=True)
    for package in sorted(debs.glob("*.deb")):
        _run("dpkg-deb", "-x", str(package), str(TREE))
        package.unlink()


if __name__ == "__main__":
    install()
    sys.exit(0)

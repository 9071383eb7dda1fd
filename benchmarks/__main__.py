"""Every measurement of this folder, one after another, each in a process of its own: `python -m benchmarks [NAME…]`."""

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run the scripts named, or all; 1 when one fails."""
    scripts = sorted(path for path in HERE.glob("*.py") if 'if __name__ == "__main__"' in path.read_text())
    wanted = sys.argv[1:]
    failed = []
    for script in scripts:
        if script.name == "__main__.py" or (wanted and script.stem not in wanted):
            continue
        print(f"\n{script.stem}\n{'-' * len(script.stem)}", flush=True)
        start = time.perf_counter()
        done = subprocess.run([sys.executable, str(script)], check=False, cwd=HERE.parent)
        print(f"({time.perf_counter() - start:.0f} s)", flush=True)
        failed += [script.stem] if done.returncode else []
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

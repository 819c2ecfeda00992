"""Every tracked C++ source is as clang-format leaves it.

  format_lint.py SOURCE_ROOT
"""
import subprocess
import sys

from tracked_files import tracked_files


def main(root):
    files = [path for path in tracked_files(root) if path.suffix in {".cpp", ".h", ".hpp"}]
    return subprocess.run(["clang-format-22", "--dry-run", "--Werror", *files], cwd=root).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""Every tracked C++ source is as clang-format leaves it.

  format_lint.py SOURCE_ROOT
"""
import pathlib
import subprocess
import sys


def main(root):
    listed = subprocess.run(["git", "-C", root, "ls-files", "*.cpp", "*.h", "*.hpp"],
                            stdout=subprocess.PIPE, text=True)
    files = [name for name in listed.stdout.splitlines() if (pathlib.Path(root) / name).is_file()]
    if not files:
        print("not a git checkout: nothing to lint")
        return 0
    return subprocess.run(["clang-format-22", "--dry-run", "--Werror", *files], cwd=root).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

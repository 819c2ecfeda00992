"""The files that the project consists of, for the lints."""
import os
import pathlib
import subprocess


def tracked_files(root):
    """Relative paths: what git tracks, or, where git does not answer, all but build folders."""
    root = pathlib.Path(root)
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)
    names = [name for name in listed.stdout.split("\0") if name]
    if listed.returncode or not names:
        for folder, folders, files in os.walk(root):
            folders[:] = [f for f in folders if not f.startswith((".git", "build", "__pycache__"))]
            names += [os.path.relpath(os.path.join(folder, file), root) for file in files]
    return [pathlib.Path(name) for name in sorted(names) if (root / name).is_file()]

# Part of moec, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Opens a page in headless Chromium, without a network, and looks at what came of it.

  open_page.py PAGE.html SCRATCH

Prints what each canvas has drawn, and how many colours the picture of the page has. Exit code 1
where the script failed, did not come to its end, or the picture is of one colour.
"""
import pathlib
import re
import subprocess
import sys
import zlib


def browse(page, scratch, *arguments):
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
               "--no-first-run", f"--user-data-dir={scratch}/profile", "--window-size=1280,2600",
               "--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=5000", *arguments,
               page.resolve().as_uri()]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          timeout=120, check=True).stdout


def colors(picture):
    """Distinct pixels of a PNG; the filters of its lines only make more of them, not one of many."""
    bytes_, at, data = picture.read_bytes(), 8, b""
    while at < len(bytes_):
        length, kind = int.from_bytes(bytes_[at:at + 4], "big"), bytes_[at + 4:at + 8]
        if kind == b"IDAT":
            data += bytes_[at + 8:at + 8 + length]
        at += 12 + length
    pixels = zlib.decompress(data)
    return len({pixels[i:i + 3] for i in range(1, len(pixels) - 3, 3)})


def main(page, scratch):
    page, scratch = pathlib.Path(page), pathlib.Path(scratch)
    scratch.mkdir(parents=True, exist_ok=True)
    dom = browse(page, scratch, "--dump-dom")
    root = re.search(r"<html[^>]*>", dom).group(0)
    if "data-error" in root or 'data-ready="yes"' not in root:
        sys.exit(f"the script did not come to its end: {root}")
    for name, drawn in re.findall(r'<canvas id="(\w+)"[^>]*data-drawn="(\d+)"', dom):
        print(f"{name} drew {drawn}")
    picture = scratch / "page.png"
    browse(page, scratch, f"--screenshot={picture}")
    found = colors(picture)
    print(f"{found} colours")
    if found < 8:
        sys.exit("the picture is blank")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Makes every lit test a ctest case without starting lit once a case.

  lit_cases.py list LIT BUILD/test      print ctest commands: one fixture that runs lit, one case a test
  lit_cases.py run LIT BUILD/test       run lit, leave BUILD/test/lit.json
  lit_cases.py verdict BUILD/test NAME  print the output of NAME; exit 0 passed, 1 failed, 77 skipped
"""
import json
import os
import subprocess
import sys

PASSED = ("PASS", "XFAIL", "FLAKYPASS")
SKIPPED = ("UNSUPPORTED", "SKIPPED")


def list_cases(lit, build):
    shown = subprocess.run([lit, "--show-tests", build], stdout=subprocess.PIPE, text=True, check=True).stdout
    me = f'"{sys.executable}" "{os.path.abspath(__file__)}"'
    print(f'add_test(lit.run {me} run "{lit}" "{build}")')
    print("set_tests_properties(lit.run PROPERTIES FIXTURES_SETUP lit PROCESSORS 2)")
    for line in shown.splitlines():
        if " :: " not in line:
            continue
        name = line.strip().split(" :: ")[1]
        print(f'add_test("lit.{name}" {me} verdict "{build}" "{name}")')
        print(f'set_tests_properties("lit.{name}" PROPERTIES FIXTURES_REQUIRED lit SKIP_RETURN_CODE 77)')
    return 0


def run(lit, build):
    out = os.path.join(build, "lit.json")
    if os.path.exists(out):
        os.remove(out)
    subprocess.run([lit, "-q", "-j2", "-o", out, build])
    return 0 if os.path.exists(out) else 1  # a failed case is reported under its own name


def verdict(build, name):
    with open(os.path.join(build, "lit.json")) as file:
        tests = json.load(file)["tests"]
    for test in tests:
        if test["name"].split(" :: ")[1] == name:
            print(test["output"])
            if test["code"] in PASSED:
                return 0
            return 77 if test["code"] in SKIPPED else 1
    print("lit did not run this test")
    return 1


if __name__ == "__main__":
    sys.exit({"list": list_cases, "run": run, "verdict": verdict}[sys.argv[1]](*sys.argv[2:]))

"""Options and fixtures for the tests that boot QEMU. All run without KVM, so that every machine runs the same.

  --hv=peer    boot Debian's Xen 4.17 instead of Ringleader: does the test itself hold?
  --soak       run the tests marked soak as well (long ones)
"""
import os
import re
import shutil
import subprocess

import pytest

import guests
import session as s

HERE = os.path.dirname(os.path.abspath(__file__))
VERDICTS = []       # the file that --verdicts names, if any


def pytest_addoption(parser):
    parser.addoption("--hv", default="ringleader", choices=("ringleader", "peer", "none"))
    parser.addoption("--soak", action="store_true")
    parser.addoption("--verdicts", help="file for scripts/test to read")


def pytest_configure(config):
    if config.getoption("verdicts"):
        VERDICTS.append(config.getoption("verdicts"))
    config.addinivalue_line("markers", "soak: takes minutes; runs with --soak")
    config.addinivalue_line("markers", "ours: about Ringleader or rl, makes no sense with --hv=peer")


def pytest_collection_modifyitems(config, items):
    """Leaves out what was not asked for: such a test counts as not selected, not as skipped."""
    hv, soak = config.getoption("hv"), config.getoption("soak")
    keep = [i for i in items if (soak or not i.get_closest_marker("soak")) and
            (hv == "ringleader" or not i.get_closest_marker("ours"))]
    config.hook.pytest_deselected(items=[i for i in items if i not in keep])
    items[:] = keep


@pytest.fixture(scope="session")
def hv(request):
    return request.config.getoption("hv")


@pytest.fixture(scope="session", autouse=True)
def image():
    """dom0's image, up to date."""
    subprocess.run([f"{s.m.TOP}/guest-ports/linux/mkimage"], check=True)


@pytest.fixture(scope="session")
def load():
    """The load program, built for any Linux (static)."""
    out = f"{s.m.B}/tests/qemu/load"
    os.makedirs(os.path.dirname(out), exist_ok=True)
    own = f"{out}.{os.getpid()}"            # another worker may be using it already
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-static", "-o", own, f"{HERE}/load/load.c"],
                   check=True)
    os.replace(own, out)
    return out


@pytest.fixture(scope="session")
def domains(hv):
    """The guest tests as domains without rights, under our own little dom0, all in one boot; isolated, other than dom0."""
    return guests.Verdicts(hv, "guest-domains", "guests/dom0", "tests/domains.cpio", append="xpti=domu=on,dom0=off",
                           args="domains.abi=peer" if hv == "peer" else "", end="RL-DOMAINS-END", timeout=240)


@pytest.fixture(scope="module")
def host_dir(tmp_path_factory):
    """A folder that dom0 sees as /host, gone afterwards."""
    path = tmp_path_factory.mktemp("host")
    yield str(path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failing test shows the end of the serial logs of the machines that it had: those that run, and those it started."""
    report = (yield).get_result()
    if report.failed:
        for n, session in enumerate(s.SESSIONS):
            if not session.log.closed or n >= item.sessions_before:
                report.sections.append((f"serial port of {session.name}", session.tail()))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    item.sessions_before = len(s.SESSIONS)


def pytest_runtest_logreport(report):
    """One line a test for scripts/test, in the file that --verdicts names: name, verdict, reason."""
    if not VERDICTS or (report.when != "call" and report.passed):
        return
    verdict, reason = "PASS", ""
    if report.skipped:
        verdict, reason = "SKIP", str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
    elif report.failed:
        crash = getattr(report.longrepr, "reprcrash", None)
        verdict, reason = "FAIL", crash.message if crash else str(report.longrepr)
    name = re.sub(r"^test_(\w+)\.py::test_?(\w*)(?:\[(.*)\])?$", r"\1/\2/\3", report.nodeid).rstrip("/")
    with open(VERDICTS[0], "a", encoding="utf-8") as f:
        f.write(f"{name}\t{verdict}\t{reason.splitlines()[0] if reason else ''}\n")

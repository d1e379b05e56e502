"""The oracle job is optional: its files are read only when asked for with ``-m oracle``."""

import sys


def pytest_ignore_collect(collection_path, config):
    asked = "oracle" in config.option.markexpr.replace("not oracle", "")
    return None if asked else True


def pytest_terminal_summary(terminalreporter):
    cases = sys.modules.get("oracle_cases")
    for oracle, count in cases.COUNTS.items() if cases else ():
        if not count.comparisons:
            continue
        terminalreporter.write_line(
            f"{oracle}: {len(count.operations)} operations, {count.comparisons} arrays compared"
            + (f", {count.second} of them second order" if count.second else "")
        )
        if count.first_only:
            terminalreporter.write_line(
                f"  first order only ({oracle} has no second): {', '.join(sorted(count.first_only))}"
            )
        if count.without:
            terminalreporter.write_line(f"  not in {oracle}: {', '.join(sorted(count.without))}")

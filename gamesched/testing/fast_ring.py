"""pytest plugin: what the fast ring leaves out besides what is marked by hand, `run.py test --fast`."""

import pytest

DATABASE = {"db", "transactional_db"}
# What walks through all features. Each has tests of its own, which stay.
SWEEPS = ("games/tests/", "games/admin/tests/")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow, of the tests with the database, the sweeps and each parametrized test's cases but the first."""
    begun = set()
    for item in items:
        if not (DATABASE & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("django_db")):
            continue
        test = item.nodeid.partition("[")[0]
        if test in begun or test.startswith(SWEEPS):
            item.add_marker("slow")
        begun.add(test)

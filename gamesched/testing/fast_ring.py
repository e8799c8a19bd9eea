"""pytest plugin: what the fast ring, `run.py test --fast`, leaves out besides what is marked by hand."""

import pytest

# What walks through all features. Each has tests of its own, which stay.
SWEEPS = ("games/tests/", "games/admin/tests/", "games/signups/tests/test_hostile_names.py")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow, of the tests with the database, sweeps, those that commit, and all cases of a test but the first.

    Those that commit are about threads and what happens at the same moment.
    """
    begun = set()
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if not (fixtures & {"db", "transactional_db"} or item.get_closest_marker("django_db")):
            continue
        test = item.nodeid.partition("[")[0]
        if test in begun or "transactional_db" in fixtures or test.startswith(SWEEPS):
            item.add_marker("slow")
        begun.add(test)

"""Hypothesis profiles.  The default is the same run everywhere; `--hypothesis-profile=thorough` looks further."""

from hypothesis import HealthCheck, settings

QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
settings.register_profile(
    "tests",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=12,
    suppress_health_check=QUIET,
    print_blob=True,
)
settings.register_profile(
    "thorough", deadline=None, max_examples=1000, suppress_health_check=QUIET, print_blob=True
)
settings.load_profile("tests")

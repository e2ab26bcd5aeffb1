//! Tests of the built gateway from outside: everything is in `tests/e2e`.

//! How the suites are shown to fail: an adapter with one defect fails exactly the checks that are about it.

use std::fmt::Debug;

use crate::Report;

/// Asserts that these checks failed and no others.
#[track_caller]
pub(crate) fn assert_fails_exactly(report: &Report, defect: impl Debug, checks: &[&str]) {
    let mut failed = report.failed();
    let mut expected = checks.to_vec();
    failed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(failed, expected, "{defect:?}: {report}");
}

/// A test for each planted defect: its name, the defect, and the checks that have to catch it. `$suite` runs the suite of a
/// domain on a system with the defect.
macro_rules! catches {
    ($suite:expr; $($test:ident: $defect:ident => [$($check:ident),+ $(,)?];)+) => {
        $(
            #[tokio::test]
            async fn $test() {
                let report = $suite(Defect::$defect).await;
                crate::planted::assert_fails_exactly(&report, Defect::$defect, &[$(stringify!($check)),+]);
            }
        )+
    };
}
pub(crate) use catches;

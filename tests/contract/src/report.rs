//! What a run of the suite found.

use std::fmt;

/// How one check went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It held.
    Passed,
    /// It did not; what was expected and what happened.
    Failed(String),
    /// The adapter does not claim what it needs, and says so when it is asked.
    NotClaimed,
    /// The target offers no hook for it.
    NotOffered,
}

/// One check and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The name of the check.
    pub check: &'static str,
    /// How it went.
    pub verdict: Verdict,
}

/// How all checks went, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// One for each check.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Names of the checks that failed.
    pub fn failed(&self) -> Vec<&'static str> {
        self.findings
            .iter()
            .filter(|one| matches!(one.verdict, Verdict::Failed(_)))
            .map(|one| one.check)
            .collect()
    }

    /// How many checks held.
    pub fn passed(&self) -> usize {
        self.findings.iter().filter(|one| one.verdict == Verdict::Passed).count()
    }

    /// Stops the test with the whole report if a check failed.
    ///
    /// # Panics
    /// If a check failed.
    pub fn assert_passed(&self) {
        assert!(self.failed().is_empty(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of {} checks passed", self.passed(), self.findings.len())?;
        for Finding { check, verdict } in &self.findings {
            match verdict {
                Verdict::Passed => {}
                Verdict::Failed(why) => writeln!(f, "  FAILED       {check}: {why}")?,
                Verdict::NotClaimed => writeln!(f, "  not claimed  {check}")?,
                Verdict::NotOffered => writeln!(f, "  not offered  {check}")?,
            }
        }
        Ok(())
    }
}

use proptest::prelude::*;

use super::*;

const OPEN: Duration = Duration::from_secs(10);
const PROBE: Duration = Duration::from_secs(300);
const FAILURE: Verdict = Verdict::Failure(ErrorKind::Timeout);

fn settings(failures: u32, failure_percent: u32) -> BreakerSettings {
    BreakerSettings { failures, failure_percent, open: OPEN, credentials_probe: PROBE }
}

/// A machine and a clock that only moves when told.
struct Bench {
    machine: Machine,
    now: Instant,
}

impl Bench {
    fn new(failures: u32, failure_percent: u32) -> Self {
        let now = Instant::now();
        Self { machine: Machine::new(settings(failures, failure_percent), now), now }
    }

    fn admit(&mut self) -> Result<Ticket, Refused> {
        self.machine.admit(self.now, Awaited::ByCaller)
    }

    /// Leave for what nobody waits for.
    fn admit_beside(&mut self) -> Result<Ticket, Refused> {
        self.machine.admit(self.now, Awaited::ByNobody)
    }

    fn record(&mut self, ticket: Ticket, verdict: Verdict) {
        self.machine.record(ticket, verdict, self.now);
    }

    fn attempt(&mut self, verdict: Verdict) {
        let ticket = self.admit().expect("admitted");
        self.record(ticket, verdict);
    }
}

#[test]
fn failures_in_a_row_open_it_and_a_success_between_does_not() {
    let mut bench = Bench::new(3, 100);
    for verdict in [FAILURE, FAILURE, Verdict::Success, FAILURE, FAILURE, Verdict::Neither] {
        bench.attempt(verdict);
        assert_eq!(bench.machine.state(), BreakerState::Closed);
    }
    bench.attempt(FAILURE);
    assert_eq!(bench.admit(), Err(Refused { reason: Reason::Failures, wait: OPEN }));
}

#[test]
fn half_of_enough_calls_opens_it_and_old_failures_do_not_count() {
    let mut bench = Bench::new(100, 50);
    for _ in 0..9 {
        bench.attempt(FAILURE);
    }
    // Eleven seconds later those nine are forgotten: nine more of nineteen are not a half.
    bench.now += Duration::from_secs(11);
    for _ in 0..9 {
        bench.attempt(FAILURE);
        bench.attempt(Verdict::Success);
    }
    bench.attempt(Verdict::Success);
    assert_eq!(bench.machine.state(), BreakerState::Closed);
    bench.now += Duration::from_secs(9);
    bench.attempt(FAILURE);
    assert_eq!(bench.machine.state(), BreakerState::Open, "ten of twenty, over nine seconds");
}

#[test]
fn half_open_lets_exactly_one_through_and_its_success_closes() {
    let mut bench = Bench::new(1, 100);
    bench.attempt(FAILURE);
    bench.now += OPEN;
    let probe = bench.admit().unwrap();
    for _ in 0..10 {
        assert_eq!(bench.admit(), Err(Refused { reason: Reason::Failures, wait: PROBE_WAIT }));
    }
    bench.record(probe, Verdict::Success);
    assert_eq!(bench.machine.state(), BreakerState::Closed);
}

#[test]
fn a_failed_probe_opens_it_again_for_the_whole_time() {
    let mut bench = Bench::new(1, 100);
    bench.attempt(FAILURE);
    bench.now += OPEN;
    bench.attempt(FAILURE);
    bench.now += OPEN - Duration::from_millis(1);
    assert_eq!(bench.admit().unwrap_err().wait, Duration::from_millis(1));
}

#[test]
fn an_answer_from_before_the_outage_closes_nothing() {
    let mut bench = Bench::new(1, 100);
    let slow = bench.admit().unwrap();
    bench.attempt(FAILURE);
    bench.now += OPEN;
    let probe = bench.admit().unwrap();
    bench.record(slow, Verdict::Success);
    assert_eq!(bench.machine.state(), BreakerState::HalfOpen);
    bench.record(probe, FAILURE);
    assert_eq!(bench.machine.state(), BreakerState::Open);
}

#[test]
fn the_first_refusal_of_the_credentials_opens_it_for_long() {
    let mut bench = Bench::new(5, 50);
    let (first, second) = (bench.admit().unwrap(), bench.admit().unwrap());
    bench.record(first, Verdict::CredentialsRefused);
    bench.now += Duration::from_secs(60);
    bench.record(second, Verdict::CredentialsRefused);
    // The second was sent before the first came back: it does not move the probe.
    let wait = PROBE - Duration::from_secs(60);
    assert_eq!(bench.admit(), Err(Refused { reason: Reason::Credentials, wait }));
    bench.now += wait;
    let probe = bench.admit().unwrap();
    assert!(bench.admit().is_err());
    bench.record(probe, Verdict::Neither);
    assert_eq!(bench.admit().unwrap_err().wait, PROBE, "a probe given up may have sent the credentials");
}

#[test]
fn what_nobody_waits_for_goes_beside_the_probe() {
    let mut bench = Bench::new(1, 100);
    bench.attempt(FAILURE);
    assert_eq!(bench.admit_beside().unwrap_err().wait, OPEN, "it obeys");
    bench.now += OPEN;
    let beside = bench.admit_beside().unwrap();
    let probe = bench.admit().unwrap();
    assert!(bench.admit_beside().is_err(), "while a probe is out there is nothing to find out");
    bench.record(beside, Verdict::Success);
    assert_eq!(bench.machine.state(), BreakerState::HalfOpen, "it is too late to say anything");
    bench.record(probe, FAILURE);
    bench.now += OPEN;
    let beside = bench.admit_beside().unwrap();
    bench.record(beside, Verdict::Neither);
    assert_eq!(
        bench.machine.wait(bench.now),
        Some(Duration::ZERO),
        "nothing was learnt: whoever comes may probe"
    );
    let beside = bench.admit_beside().unwrap();
    bench.record(beside, FAILURE);
    assert_eq!(bench.admit().unwrap_err().wait, OPEN);
}

#[derive(Debug, Clone)]
enum Step {
    Admit,
    AdmitBeside,
    End(prop::sample::Index, Verdict),
    Wait(u64),
}

fn verdict() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        4 => Just(Verdict::Success),
        6 => Just(FAILURE),
        1 => Just(Verdict::CredentialsRefused),
        3 => Just(Verdict::Neither),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => Just(Step::Admit),
        2 => Just(Step::AdmitBeside),
        5 => (any::<prop::sample::Index>(), verdict()).prop_map(|(which, verdict)| Step::End(which, verdict)),
        2 => (0_u64..12_000).prop_map(Step::Wait),
        1 => Just(Step::Wait(300_000)),
    ]
}

proptest! {
    #[test]
    fn whatever_happens(steps in prop::collection::vec(step(), 1..200), failures in 1_u32..6) {
        let mut bench = Bench::new(failures, 60);
        let mut out: Vec<Ticket> = Vec::new();
        let mut refused_until = None;
        for step in steps {
            let before = bench.machine.state();
            match step {
                Step::Wait(millis) => bench.now += Duration::from_millis(millis),
                Step::Admit | Step::AdmitBeside => {
                    let beside = matches!(step, Step::AdmitBeside);
                    let admitted = if beside { bench.admit_beside() } else { bench.admit() };
                    prop_assert_eq!(admitted.is_err(), match before {
                        BreakerState::Closed => false,
                        BreakerState::HalfOpen => true,
                        BreakerState::Open => refused_until.is_some_and(|until| bench.now < until),
                    });
                    let stays = beside && before == BreakerState::Open && bench.machine.reason() == Some(Reason::Failures);
                    prop_assert!(!stays || bench.machine.state() == before, "it took the place of the probe");
                    out.extend(admitted);
                }
                Step::End(which, verdict) if !out.is_empty() => {
                    let ticket = out.swap_remove(which.index(out.len()));
                    let current = ticket.generation == bench.machine.generation;
                    bench.record(ticket, verdict);
                    let after = bench.machine.state();
                    if verdict == Verdict::CredentialsRefused {
                        prop_assert_eq!((after, bench.machine.reason()), (BreakerState::Open, Some(Reason::Credentials)));
                    } else if !current {
                        prop_assert_eq!(before, after, "an outdated ticket changed the state");
                    } else if before == BreakerState::HalfOpen {
                        let expected = if verdict == Verdict::Success { BreakerState::Closed } else { BreakerState::Open };
                        prop_assert_eq!(after, expected, "a probe that ended leaves nothing half-open");
                    } else if before == BreakerState::Open && verdict == Verdict::Success {
                        prop_assert_eq!(after, BreakerState::Closed, "beside the probe it was seen that the system is back");
                    } else if matches!(verdict, Verdict::Success | Verdict::Neither) {
                        prop_assert_eq!(before, after);
                    }
                }
                Step::End(..) => {}
            }
            refused_until = bench.machine.wait(bench.now).map(|wait| bench.now + wait);
            let probes = out.iter().filter(|ticket| ticket.generation == bench.machine.generation).count();
            match bench.machine.state() {
                BreakerState::Closed => prop_assert!(bench.machine.in_a_row < failures),
                BreakerState::HalfOpen => prop_assert_eq!(probes, 1, "one probe, neither none nor two"),
                // Beside the probe there may be any number, once it is due.
                BreakerState::Open => prop_assert!(probes == 0 || bench.machine.wait(bench.now) == Some(Duration::ZERO)),
            }
        }
        // Never wedged: once every call is over and the longest wait has passed, one gets through and can close it.
        for ticket in out {
            bench.record(ticket, Verdict::Neither);
        }
        bench.now += PROBE;
        bench.attempt(Verdict::Success);
        prop_assert_eq!(bench.machine.state(), BreakerState::Closed);
    }
}

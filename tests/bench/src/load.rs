//! Two kinds of load: as much as goes (for throughput) and a constant rate (for latency).

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::http::{Connection, PATIENCE, Target};
use crate::pause;
use crate::process::Subject;

/// Between two looks at the connections of a constant rate.
pub const GLANCE: Duration = Duration::from_micros(40);

/// How long each load lasts, and how wide it is.
#[derive(Clone, Copy)]
pub struct Shape {
    pub connections: usize,
    pub warm_up: Duration,
    pub measured: Duration,
}

/// What came of as much load as goes.
#[derive(Clone, Copy)]
pub struct Throughput {
    /// Answers a second.
    pub rate: f64,
    /// Processor time of the subject, as a part of one core.
    pub busy: f64,
}

/// What came of a constant rate, in milliseconds.
#[derive(Clone, Copy)]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
}

/// One connection with what is asked on it, one request at a time.
pub trait Caller {
    /// Sends the next request.
    fn ask(&mut self) -> Result<()>;

    /// Reads once, without waiting; true when the answer is whole. Any other than the right one is an error.
    fn poll(&mut self) -> Result<bool>;
}

/// Asks for several things in turn over HTTP.
pub struct Asking<'a> {
    connection: Connection,
    targets: &'a [Target],
    next: usize,
}

impl<'a> Asking<'a> {
    /// This many callers, each of which begins at another target.
    pub fn several(targets: &'a [Target], callers: usize) -> Result<Vec<Self>> {
        let first = targets.first().context("nothing to ask for")?;
        let caller = |at: usize| {
            let next = at * targets.len() / callers;
            Ok(Self { connection: Connection::restless(first)?, targets, next })
        };
        (0..callers).map(caller).collect()
    }

    fn target(&self) -> &'a Target {
        &self.targets[self.next % self.targets.len()]
    }
}

impl Caller for Asking<'_> {
    fn ask(&mut self) -> Result<()> {
        self.next += 1;
        self.connection.ask(self.target())
    }

    fn poll(&mut self) -> Result<bool> {
        self.connection.poll(self.target())
    }
}

/// [`closed_by`] callers who ask for one thing.
pub fn closed(target: &Target, shape: Shape, subject: &Subject) -> Result<Throughput> {
    closed_by(&mut Asking::several(std::slice::from_ref(target), shape.connections)?, shape, subject)
}

/// Every caller sends its next request as soon as it has the answer to the last one.
///
/// One thread that never sleeps: otherwise every write of a subject would pay for waking a core, a slow subject for each and
/// a quick one for few.
pub fn closed_by(callers: &mut [impl Caller], shape: Shape, subject: &Subject) -> Result<Throughput> {
    callers.iter_mut().try_for_each(Caller::ask)?;
    spin(callers, shape.warm_up)?;
    let (from, busy) = (Instant::now(), subject.busy()?);
    let answers = spin(callers, shape.measured)?;
    let took = from.elapsed().as_secs_f64();
    let busy = subject.busy()?.saturating_sub(busy).as_secs_f64();
    drain(callers)?;
    Ok(Throughput { rate: answers as f64 / took, busy: busy / took })
}

/// Waits for the answers that are still to come: work that is left behind would be done while another one is measured.
fn drain(callers: &mut [impl Caller]) -> Result<()> {
    let (mut waiting, from): (Vec<_>, _) = (callers.iter_mut().collect(), Instant::now());
    while !waiting.is_empty() {
        ensure!(from.elapsed() < PATIENCE, "no answer for {PATIENCE:?}");
        let mut left = Vec::with_capacity(waiting.len());
        for caller in waiting {
            if !caller.poll()? {
                left.push(caller);
            }
        }
        waiting = left;
        std::thread::yield_now();
    }
    Ok(())
}

/// Counts answers, and asks again for each.
fn spin(callers: &mut [impl Caller], time: Duration) -> Result<u64> {
    let (mut answers, mut last, from) = (0_u64, Instant::now(), Instant::now());
    while from.elapsed() < time {
        let mut idle = true;
        for caller in &mut *callers {
            if caller.poll()? {
                caller.ask()?;
                answers += 1;
                idle = false;
            }
        }
        if idle {
            ensure!(last.elapsed() < PATIENCE, "no answer for {PATIENCE:?}");
            // The back office runs on the same core.
            std::thread::yield_now();
        } else {
            last = Instant::now();
        }
    }
    Ok(answers)
}

/// One caller of a constant rate.
struct Lane<C> {
    caller: C,
    /// When its next request is due.
    due: Instant,
    /// From when the request under way counts; `None` while there is none.
    from: Option<Instant>,
    /// Its last answer came after the next request was due.
    late: bool,
}

/// [`constant_by`] callers who ask for one thing.
pub fn constant(target: &Target, shape: Shape, rate: f64) -> Result<Latency> {
    constant_by(Asking::several(std::slice::from_ref(target), shape.connections)?, shape, rate)
}

/// `rate` requests a second, evenly spaced, spread over the connections in turn, from one thread. It looks every
/// few microseconds and sleeps in between: a real-time thread that never does is stopped by the kernel for a twentieth of
/// every second, which would be the p99 of every subject.
///
/// Nothing is left out when the subject is slow (coordinated omission): a request that is due while its connection
/// still waits for an answer counts from when it was due. What the generator itself is late does not count.
pub fn constant_by(callers: Vec<impl Caller>, shape: Shape, rate: f64) -> Result<Latency> {
    let start = Instant::now() + Duration::from_millis(20);
    let (counts_from, end) = (start + shape.warm_up, start + shape.warm_up + shape.measured);
    let gap = Duration::from_secs_f64(callers.len() as f64 / rate);
    let lane = |(lane, caller)| {
        let due = start + Duration::from_secs_f64(lane as f64 / rate);
        Lane { caller, due, from: None, late: false }
    };
    let mut lanes: Vec<_> = callers.into_iter().enumerate().map(lane).collect();
    let mut taken = Vec::new();
    loop {
        let mut under_way = false;
        for lane in &mut lanes {
            if let Some(from) = lane.from {
                ensure!(from.elapsed() < PATIENCE, "no answer for {PATIENCE:?}");
                if lane.caller.poll()? {
                    if lane.due >= counts_from {
                        taken.push(from.elapsed());
                    }
                    lane.due += gap;
                    lane.late = Instant::now() >= lane.due;
                    lane.from = None;
                }
            }
            let now = Instant::now();
            if lane.from.is_none() && lane.due < end && now >= lane.due {
                lane.from = Some(if lane.late { lane.due } else { now });
                lane.caller.ask()?;
            }
            under_way |= lane.from.is_some() || lane.due < end;
        }
        if !under_way {
            break;
        }
        pause(GLANCE);
    }
    taken.sort_unstable();
    let at = |part: f64| -> Result<f64> {
        let index = (taken.len() as f64 * part) as usize;
        let taken = taken.get(index).context("nothing was measured")?;
        Ok(taken.as_secs_f64() * 1_000.0)
    };
    Ok(Latency { p50: at(0.5)?, p99: at(0.99)? })
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// A server for one connection that takes `pause` for its tenth answer.
    fn server(slow: Duration) -> std::net::SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            for turn in 0.. {
                if !matches!(socket.read(&mut request), Ok(1..)) {
                    return;
                }
                if turn == 10 {
                    pause(slow);
                }
                let _ = socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
            }
        });
        addr
    }

    #[test]
    fn a_pause_of_the_subject_counts_for_every_request_that_was_due_in_it() {
        let shape = Shape { connections: 1, warm_up: Duration::ZERO, measured: Duration::from_millis(1_000) };
        let target = Target::get(server(Duration::from_millis(600)), "/", None, 2);
        // One slow answer in a hundred; but 60 requests were due while it was waited for.
        let latency = constant(&target, shape, 100.0).unwrap();
        assert!(latency.p99 > 500.0, "{}", latency.p99);
        assert!(latency.p50 > 20.0, "{}", latency.p50);
    }
}

//! (d) Three times as many requests as the system behind can bear, from callers that do not wait for each other.
//!
//! The system answers after ten milliseconds and may be given sixteen requests at once (the default), so that its
//! capacity is known and the machine is not what is measured. What is wanted: the gateway goes on giving it as much as it
//! can do, tells the rest so at once, stays alive for its operators, and keeps nothing.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::gateway::{Gateway, Installed};
use crate::http::{Connection, PATIENCE, Target};
use crate::load::{self, GLANCE, Shape};
use crate::measure::Plan;
use crate::pause;
use crate::rounds::Series;

/// What the system takes for an answer.
const THINKS: Duration = Duration::from_millis(10);
/// The default of `max_streams`: what the system is given at once.
const PLACES: u32 = 16;
const BODY: [u8; 1_024] = [b'x'; 1_024];
const TIMES: f64 = 3.0;
/// Enough that an answer is never waited for before the next request can be sent.
const CALLERS: usize = 1_024;

/// What came of it; one value a round, except for memory.
pub struct Overload {
    /// Good answers a second, with as many callers as the system and its queue have room for.
    pub peak: Series,
    /// Good answers a second at three times that.
    pub goodput: Series,
    /// The 99th percentile and the longest of all refusals, in milliseconds.
    pub refusal_p99: Series,
    pub refusal_longest: Series,
    /// Refusals a second.
    pub refused: Series,
    /// The longest that `/livez` and `/readyz` took, in milliseconds.
    pub health: Series,
    /// MiB before, and at most.
    pub before: f64,
    pub most: f64,
}

/// One round of three times the peak.
struct Round {
    good: u64,
    /// How long each refusal took.
    refusals: Vec<Duration>,
}

/// Peak and three times the peak, in turn.
pub fn overload(plan: Plan, binary: &Path) -> Result<Overload> {
    let installed = Installed::new(binary, slow_system()?, PLACES)?;
    let gateway = installed.start()?;
    let path = gateway.content_path("expense.json")?;
    let target = Target::get(gateway.api, &path, Some(gateway.token()), BODY.len() as u64);
    let before = gateway.subject().resident()?;
    let (mut peaks, mut goods, mut p99s, mut longests) = (vec![], vec![], vec![], vec![]);
    let (mut refused, mut healths) = (vec![], vec![]);
    for round in 1..=plan.rounds {
        let peak = load::closed(&target, plan.load, &gateway.subject())?.rate;
        let (done, health) = beside_health(&gateway, || flood(&target, plan.load, peak * TIMES))?;
        let seconds = plan.load.measured.as_secs_f64();
        let mut refusals = done.refusals;
        refusals.sort_unstable();
        let longest = refusals.last().context("nothing was refused at three times the peak")?;
        let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
        println!(
            "round {round}  overload peak {peak:.0}/s, then {:.0}/s good and {:.0}/s refused; refusals p99 {:.2} ms, at \
             most {:.2} ms; health at most {:.2} ms",
            done.good as f64 / seconds,
            refusals.len() as f64 / seconds,
            ms(refusals[refusals.len() * 99 / 100]),
            ms(*longest),
            ms(health),
        );
        peaks.push(peak);
        goods.push(done.good as f64 / seconds);
        p99s.push(ms(refusals[refusals.len() * 99 / 100]));
        longests.push(ms(*longest));
        refused.push(refusals.len() as f64 / seconds);
        healths.push(ms(health));
    }
    let series = |values: Vec<f64>| values.into_iter().collect::<Series>();
    Ok(Overload {
        peak: series(peaks),
        goodput: series(goods),
        refusal_p99: series(p99s),
        refusal_longest: series(longests),
        refused: series(refused),
        health: series(healths),
        before,
        most: gateway.subject().peak()?,
    })
}

/// A request that is under way on one connection: since when, and whether it counts.
type UnderWay = Option<(Instant, bool)>;

/// `rate` requests a second, evenly spaced, whatever becomes of them: each takes a connection that is free.
fn flood(target: &Target, shape: Shape, rate: f64) -> Result<Round> {
    let connect = |_| Ok((Connection::restless(target)?, None));
    let mut callers: Vec<(Connection, UnderWay)> = (0..CALLERS).map(connect).collect::<Result<_>>()?;
    let mut round = Round { good: 0, refusals: Vec::new() };
    let start = Instant::now();
    let (counts_from, end) = (start + shape.warm_up, start + shape.warm_up + shape.measured);
    let (mut sent, mut next) = (0_u64, 0);
    loop {
        let mut waiting = false;
        for (connection, under_way) in &mut callers {
            let Some((from, counts)) = *under_way else { continue };
            ensure!(from.elapsed() < PATIENCE, "no answer for {PATIENCE:?}");
            match connection.poll_any(target)? {
                None => waiting = true,
                Some(status) => {
                    *under_way = None;
                    match status {
                        200 if counts => round.good += 1,
                        429 | 503 if counts => round.refusals.push(from.elapsed()),
                        200 | 429 | 503 => {}
                        other => anyhow::bail!("a request at three times the peak was answered {other}"),
                    }
                }
            }
        }
        let now = Instant::now();
        while now < end && start + Duration::from_secs_f64(sent as f64 / rate) <= now {
            let free = (0..CALLERS).map(|step| (next + step) % CALLERS).find(|at| callers[*at].1.is_none());
            let free = free.context("all callers wait: the gateway neither serves nor refuses them")?;
            next = free + 1;
            let (connection, under_way) = &mut callers[free];
            connection.ask(target)?;
            *under_way = Some((now, now >= counts_from));
            sent += 1;
        }
        if now >= end && !waiting {
            return Ok(round);
        }
        pause(GLANCE);
    }
}

/// Does `work`, and asks after the gateway's health ten times a second meanwhile. Gives the longest that took, too.
fn beside_health<T>(gateway: &Gateway<'_>, work: impl FnOnce() -> Result<T>) -> Result<(T, Duration)> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| -> Result<Duration> {
            let mut longest = Duration::ZERO;
            while !over.load(Ordering::Relaxed) {
                for path in ["/livez", "/readyz"] {
                    let from = Instant::now();
                    let (status, _) = Connection::open(gateway.ops)?.request("GET", path, None, "")?;
                    ensure!(status == 200, "{path} answered {status} at three times the peak");
                    longest = longest.max(from.elapsed());
                }
                pause(Duration::from_millis(100));
            }
            Ok(longest)
        });
        let done = work();
        over.store(true, Ordering::Relaxed);
        let longest = asking.join().map_err(|_| anyhow::anyhow!("the health check panicked"))?;
        Ok((done?, longest?))
    })
}

/// A system that has all the time it needs for each request, and no more requests than it is given.
fn slow_system() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let addr = listener.local_addr()?;
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            std::thread::spawn(move || drop(answer_all(socket)));
        }
    });
    Ok(addr)
}

fn answer_all(mut socket: TcpStream) -> Result<()> {
    socket.set_nodelay(true)?;
    let head = format!(
        "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
        BODY.len()
    );
    let whole = [head.as_bytes(), &BODY].concat();
    let (mut request, mut filled) = ([0; 4_096], 0);
    loop {
        filled += match socket.read(&mut request[filled..])? {
            0 => return Ok(()),
            octets => octets,
        };
        if request[..filled].ends_with(b"\r\n\r\n") {
            filled = 0;
            pause(THINKS);
            socket.write_all(&whole)?;
        }
    }
}

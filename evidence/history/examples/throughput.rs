//! How many reads the judge judges in a second of processor time: `cargo run --release -p history
//! --example throughput`, with another number of reads as its argument.
//!
//! Sixty-four reporters on eight instances report what they did to a thousand registers, in
//! batches, as in a real run: one operation in ten is a write, some registers are hot, one removal
//! in a hundred is not acknowledged, and copies live for up to two milliseconds too long.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::error::Error;
use std::time::Duration;

use history::{Contract, Event, Figures, Invalidation, Judge, Moment, Read, Source, Write};
use rustix::time::{ClockId, clock_gettime};

const REPORTERS: u32 = 64;
const INSTANCES: u32 = 8;
const REGISTERS: u64 = 1_000;
/// Events in one report.
const BATCH: usize = 256;
/// In nanoseconds: how long operations and pauses of a reporter take at most, and copies live on.
const OPERATION: u64 = 500_000;
const PAUSE: u64 = 1_000_000;
const PROPAGATION: u64 = 2_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let reads: u64 = match std::env::args().nth(1) {
        Some(count) => count.replace('_', "").parse()?,
        None => 10_000_000,
    };
    let mut judge = Judge::new(Contract::new(Duration::from_secs(2)));
    let mut world = World::new();
    let mut figures = Figures::default();
    let (mut judging, mut waiting, mut remembered) = (Duration::ZERO, 0, 0);
    for reporter in 0..REPORTERS {
        judge.expect(reporter);
    }
    for round in 0_u64.. {
        let (reporter, events, watermark) = world.next_report();
        let began = processor_time();
        judge.report(reporter, events, watermark);
        waiting = judge.waiting().max(waiting);
        for verdict in judge.verdicts() {
            figures.record(&verdict);
        }
        judging += processor_time() - began;
        if round % 1_000 == 0 {
            remembered = judge.remembered().max(remembered);
        }
        if figures.total().reads >= reads {
            break;
        }
    }
    let total = figures.total();
    println!(
        "{} reads and {} writes judged in {:.2} s of processor time: {:.2} million a second",
        total.reads,
        world.writes,
        judging.as_secs_f64(),
        total.reads as f64 / judging.as_secs_f64() / 1e6,
    );
    println!(
        "{} reads were stale, by {:?} at most; {} violations, {} late events",
        total.stale,
        total.longest,
        figures.violations(),
        judge.late(),
    );
    println!("at most {waiting} reads waited, and {remembered} writes were remembered");
    Ok(())
}

/// What this thread has used.
fn processor_time() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::from_secs(used.tv_sec.unsigned_abs())
        + Duration::from_nanos(used.tv_nsec.unsigned_abs())
}

/// A register: its version, the one before, and until when that is found.
#[derive(Copy, Clone, Default)]
struct Register {
    version: u64,
    previous: u64,
    until: u64,
}

/// What happens.
struct World {
    registers: Vec<Register>,
    /// When each reporter does something next.
    next: BinaryHeap<Reverse<(u64, u32)>>,
    unreported: Vec<Vec<Event>>,
    writes: u64,
    state: u64,
}

impl World {
    fn new() -> Self {
        let first = |reporter| Reverse((u64::from(reporter) * 10_000, reporter));
        Self {
            registers: vec![Register::default(); REGISTERS as usize],
            next: (0..REPORTERS).map(first).collect(),
            unreported: vec![Vec::new(); REPORTERS as usize],
            writes: 0,
            state: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// Goes on until somebody has a batch to report.
    fn next_report(&mut self) -> (u32, Vec<Event>, Moment) {
        loop {
            let Some(Reverse((began, reporter))) = self.next.pop() else {
                unreachable!("nobody ever stops")
            };
            let ended = began + 1 + self.draw(OPERATION);
            let event = self.operation(reporter, began, ended);
            let next = ended + self.draw(PAUSE);
            self.next.push(Reverse((next, reporter)));
            let unreported = &mut self.unreported[reporter as usize];
            unreported.push(event);
            if unreported.len() == BATCH {
                return (
                    reporter,
                    std::mem::take(unreported),
                    Moment::from_nanos(ended),
                );
            }
        }
    }

    fn operation(&mut self, reporter: u32, began: u64, ended: u64) -> Event {
        // The lower of two numbers: low ones are hot.
        let key = self.draw(REGISTERS).min(self.draw(REGISTERS));
        let writes = self.draw(10) == 0;
        let acknowledged = self.draw(100) > 0;
        let lives_on = self.draw(PROPAGATION);
        let register = &mut self.registers[key as usize];
        // Half of the instances write and half of them read, so that F2 leaves the copies alone.
        let instance = reporter % (INSTANCES / 2);
        if writes {
            self.writes += 1;
            *register = Register {
                version: register.version + 1,
                previous: register.version,
                until: ended + lives_on,
            };
            return Event::Write(Write {
                key: key as u32,
                version: register.version,
                instance,
                began: Moment::from_nanos(began),
                ended: Moment::from_nanos(ended),
                acknowledged,
                invalidation: Invalidation::Removal,
            });
        }
        Event::Read(Read {
            key: key as u32,
            version: if began < register.until {
                register.previous
            } else {
                register.version
            },
            instance: instance + INSTANCES / 2,
            source: Source::L1,
            began: Moment::from_nanos(began),
            ended: Moment::from_nanos(ended),
            at_least: 0,
        })
    }

    /// A number below `bound`, from a xorshift generator: fast, and always the same.
    fn draw(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % bound
    }
}

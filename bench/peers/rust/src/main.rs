//! main.rs: rayon and tokio on the workloads that they can do, with wqbench's command line and output. Items are
//! rayon_core::spawn closures or tokio tasks; each thread counts in a slot of its own.
//!
//! SPDX-License-Identifier: LGPL-2.1-or-later
use std::cell::Cell;
use std::sync::atomic::{fence, AtomicU64, AtomicUsize, Ordering::*};
use std::sync::{mpsc, Barrier, Mutex, OnceLock};
use std::time::{Duration, Instant};

#[repr(align(128))]
struct Slot {
    count: AtomicU64,
    sum: AtomicU64,
}

const SLOTS: usize = 256;
static COUNTS: [Slot; SLOTS] = [const { Slot { count: AtomicU64::new(0), sum: AtomicU64::new(0) } }; SLOTS];
static USED: AtomicUsize = AtomicUsize::new(0);
static TARGET: AtomicU64 = AtomicU64::new(0);
static TAIL: AtomicU64 = AtomicU64::new(0);
static EXPECT: AtomicU64 = AtomicU64::new(0);
static ITEMS: AtomicU64 = AtomicU64::new(0);
static STEP: AtomicU64 = AtomicU64::new(0);
static DONE: Mutex<Option<mpsc::Sender<Instant>>> = Mutex::new(None);
static TOKIO: OnceLock<tokio::runtime::Runtime> = OnceLock::new();

thread_local!(static OWN: Cell<usize> = const { Cell::new(usize::MAX) });

fn altogether() -> (u64, u64) {
    COUNTS.iter().fold((0, 0), |(n, sum), s| (n + s.count.load(Acquire), sum + s.sum.load(Acquire)))
}

fn ran(index: u64) {
    let slot = OWN.with(|own| {
        if own.get() == usize::MAX {
            own.set(USED.fetch_add(1, SeqCst));
        }
        &COUNTS[own.get()]
    });
    slot.sum.store(slot.sum.load(Relaxed).wrapping_add(index), Relaxed);
    slot.count.store(slot.count.load(Relaxed) + 1, Release);
    if index >= TAIL.load(Relaxed) {
        fence(SeqCst);
        if altogether().0 == TARGET.load(Relaxed) {
            if let Some(done) = &*DONE.lock().unwrap() {
                let _ = done.send(Instant::now());
            }
        }
    }
}

fn begin(items: u64) -> mpsc::Receiver<Instant> {
    let (sender, receiver) = mpsc::channel();
    *DONE.lock().unwrap() = Some(sender);
    ITEMS.store(items, SeqCst);
    TAIL.store(items.saturating_sub(64), SeqCst);
    EXPECT.fetch_add(items * (items - 1) / 2, SeqCst);
    TARGET.fetch_add(items, SeqCst);
    receiver
}

fn wait(done: mpsc::Receiver<Instant>, start: Instant) -> Duration {
    // An item of the batch before may still say that all have run: what counts is what the slots say.
    let end = loop {
        let told = done.recv_timeout(Duration::from_millis(1));
        if altogether().0 >= TARGET.load(SeqCst) {
            break told.unwrap_or_else(|_| Instant::now());
        }
        assert!(start.elapsed() < Duration::from_secs(60), "items did not run within a minute");
    };
    assert_eq!(altogether(), (TARGET.load(SeqCst), EXPECT.load(SeqCst)), "not every item ran exactly once");
    end - start
}

#[derive(Clone, Copy, PartialEq)]
enum Engine {
    Rayon,
    Tokio,
}

fn post(engine: Engine, routine: fn(Engine, u64), index: u64) {
    match engine {
        Engine::Rayon => rayon_core::spawn(move || routine(engine, index)),
        Engine::Tokio => drop(TOKIO.get().unwrap().spawn(async move { routine(engine, index) })),
    }
}

fn empty(_: Engine, index: u64) {
    ran(index)
}

fn fan(engine: Engine, index: u64) {
    for child in 2 * index + 1..=2 * index + 2 {
        if child < ITEMS.load(Relaxed) {
            post(engine, fan, child);
        }
    }
    ran(index)
}

fn chain(engine: Engine, index: u64) {
    let next = index + STEP.load(Relaxed);
    if next < ITEMS.load(Relaxed) {
        post(engine, chain, next);
    }
    ran(index)
}

fn busy(_: Engine, index: u64) {
    work(STEP.load(Relaxed));
    ran(index)
}

fn work(rounds: u64) {
    let mut x = rounds | 1;
    for _ in 0..rounds {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    std::hint::black_box(x);
}

/// The quickest of some tries, in nanoseconds.
fn best(tries: u32, f: impl Fn()) -> f64 {
    let once = |_| {
        let start = Instant::now();
        f();
        start.elapsed().as_nanos() as f64
    };
    (0..tries).map(once).fold(1e18, f64::min)
}

fn produce(engine: Engine, routine: fn(Engine, u64), items: u64, producers: u64) -> Duration {
    let done = begin(items);
    let gate = Barrier::new(producers as usize + 1);
    std::thread::scope(|scope| {
        for first in 0..producers {
            let gate = &gate;
            scope.spawn(move || {
                gate.wait();
                (first..items).step_by(producers as usize).for_each(|i| post(engine, routine, i));
            });
        }
        let start = Instant::now();
        gate.wait();
        wait(done, start)
    })
}

fn seed(engine: Engine, routine: fn(Engine, u64), items: u64, roots: u64) -> Duration {
    let done = begin(items);
    let start = Instant::now();
    (0..roots).for_each(|i| post(engine, routine, i));
    wait(done, start)
}

/// How many items fill the budget and how long they take, as bench_next does it.
fn scale(budget: f64, first: u64, pass: impl Fn(u64) -> Duration) -> (u64, f64) {
    let mut items = first;
    loop {
        let took = pass(items).as_nanos() as f64;
        if took >= budget || items >= 20_000_000 {
            return (items, took);
        }
        items = (items as f64 * (1.2 * budget / took).clamp(1.5, 8.0)) as u64 + 1;
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args == ["--list"] {
        for workload in ["flood", "fan", "chain", "work"] {
            println!("fit\t{workload}\trayon\nfit\t{workload}\ttokio");
        }
        return;
    }
    let [name, workload, params @ ..] = &args[..] else { panic!("usage: wqbench_rust ENGINE WORKLOAD [name=value]...") };
    let engine = if name == "rayon" { Engine::Rayon } else { Engine::Tokio };
    let value = |key: &str, preset: u64| {
        let found = params.iter().find_map(|p| p.strip_prefix(key)?.strip_prefix('='));
        found.map_or(preset, |v| v.parse().expect("a number"))
    };
    let named: Vec<&str> = params.iter().map(|p| p.as_str()).filter(|p| !p.starts_with("budget=")).collect();
    let label = if named.is_empty() { "-".to_string() } else { named.join(" ") };
    let print = |metric, value: f64, unit| println!("result\t{workload}\t{name}\t{label}\t{metric}\t{value:.6}\t{unit}");
    let budget = value("budget", 200) as f64 * 1e6;
    if engine == Engine::Tokio {
        let _ = TOKIO.set(tokio::runtime::Runtime::new().unwrap());
    }
    match workload.as_str() {
        "flood" if value("items", 0) > 0 => {
            let (items, mut took, mut passes) = (value("items", 0), 0.0, 0);
            produce(engine, empty, items, 1);
            while took < budget && passes < 200 {
                took += produce(engine, empty, items, 1).as_nanos() as f64;
                passes += 1;
            }
            print("cost", took / passes as f64 / items as f64, "ns/item");
        }
        "flood" => {
            let (n, took) = scale(budget, 2000, |n| produce(engine, empty, n, value("producers", 1)));
            print("rate", n as f64 / took * 1e3, "M/s");
        }
        "fan" => {
            let (n, took) = scale(budget, 2000, |n| seed(engine, fan, n, 1));
            print("rate", n as f64 / took * 1e3, "M/s");
        }
        "chain" => {
            let chains = value("chains", 1);
            STEP.store(chains, SeqCst);
            let (n, took) = scale(budget, (10 * chains).max(2000), |n| seed(engine, chain, n, chains));
            print("cost", took / n as f64, "ns/item");
        }
        "work" => {
            let rounds = (value("work_us", 1) as f64 * 1e3 * 20000.0 / best(200, || work(20000))) as u64 + 1;
            let each = best(50, || (0..20).for_each(|_| work(rounds))) / 20.0;
            STEP.store(rounds, SeqCst);
            let (n, took) = scale(budget, 1000, |n| produce(engine, busy, n, 1));
            print("speedup", each * n as f64 / took, "x one processor");
        }
        _ => std::process::exit(2),
    }
    std::process::exit(0);
}

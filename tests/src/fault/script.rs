//! The planned faults and the recorded requests of a proxy.
//!
//! All connections of a proxy share its script. Proxies of one process share the plan of its end.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::wire::Message;
use super::{Fault, Seen};

#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    lines: Arc<Mutex<Lines>>,
    hold: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Lines {
    plans: Vec<Plan>,
    queue: VecDeque<Fault>,
    standing: Option<Fault>,
    scattered: Option<Scatter>,
    seen: Vec<Seen>,
}

/// Random faults, reproducible by their seed.
#[derive(Debug)]
struct Scatter {
    state: u64,
    one_in: u64,
    faults: Vec<Fault>,
}

impl Scatter {
    fn draw(&mut self) -> Fault {
        if !self.next().is_multiple_of(self.one_in) {
            return Fault::Pass;
        }
        let which = self.next() % u64::try_from(self.faults.len()).unwrap_or(1);
        usize::try_from(which).ok().and_then(|which| self.faults.get(which)).cloned().unwrap_or(Fault::Pass)
    }

    /// SplitMix64. Source: <https://doi.org/10.1145/2660193.2660195>.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// A fault for one call.
#[derive(Debug)]
struct Plan {
    operation: String,
    /// The number of calls until the fault, including the faulty call.
    left: usize,
    fault: Fault,
    /// The scripts whose requests are all reset afterwards.
    dead: Vec<Script>,
}

impl Script {
    pub(super) fn queue(&self, fault: Fault) {
        self.lock().queue.push_back(fault);
    }

    pub(super) fn stand(&self, fault: Fault) {
        self.lock().standing = Some(fault);
    }

    pub(super) fn scatter(&self, seed: u64, one_in: u64, faults: Vec<Fault>) {
        self.lock().scattered = Some(Scatter { state: seed, one_in, faults });
    }

    pub(super) fn plan(&self, operation: &str, nth: usize, fault: Fault, dead: Vec<Self>) {
        assert!(nth > 0, "calls are counted from 1");
        self.lock().plans.push(Plan { operation: operation.to_owned(), left: nth, fault, dead });
    }

    /// Removes all planned faults and sets the default fault.
    pub(super) fn follow(&self, standing: Option<Fault>) {
        let mut lines = self.lock();
        lines.plans.clear();
        lines.queue.clear();
        lines.standing = standing;
        lines.scattered = None;
    }

    /// The signal that releases a held request.
    pub(super) fn hold(&self) -> &Notify {
        &self.hold
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    /// Records a request and returns its fault.
    pub(super) fn take(&self, request: &Message, pooled: bool) -> Fault {
        let mut lines = self.lock();
        let (operation, body) = (request.operation(), request.body());
        let (fault, dead) = match lines.planned(&operation) {
            Some(plan) => (plan.fault, plan.dead),
            None => (lines.usual(), Vec::new()),
        };
        lines.seen.push(Seen { operation, body, fault: fault.clone(), pooled });
        // To avoid deadlocks, only one script is locked at a time.
        drop(lines);
        for script in dead {
            script.follow(Some(Fault::Reset));
        }
        fault
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lines {
    /// Counts a call and takes its plan.
    fn planned(&mut self, operation: &str) -> Option<Plan> {
        for plan in self.plans.iter_mut().filter(|plan| plan.operation == operation) {
            plan.left = plan.left.saturating_sub(1);
        }
        let due = self.plans.iter().position(|plan| plan.left == 0)?;
        Some(self.plans.remove(due))
    }

    fn usual(&mut self) -> Fault {
        let planned = self.queue.pop_front().or_else(|| self.standing.clone());
        planned.or_else(|| self.scattered.as_mut().map(Scatter::draw)).unwrap_or(Fault::Pass)
    }
}

//! The planned faults and the recorded requests of a proxy.
//!
//! All connections of a proxy share its plan. A fault that ends the calling process resets the plans of
//! all its proxies.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::wire::Message;
use super::{Fault, RecordedRequest};

#[derive(Clone, Debug, Default)]
pub(super) struct FaultPlan {
    state: Arc<Mutex<State>>,
    hold: Arc<Notify>,
}

#[derive(Debug, Default)]
struct State {
    planned: Vec<PlannedFault>,
    queue: VecDeque<Fault>,
    default: Option<Fault>,
    scattered: Option<Scatter>,
    requests: Vec<RecordedRequest>,
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
struct PlannedFault {
    operation: String,
    /// The number of calls until the fault, including the faulty call.
    left: usize,
    fault: Fault,
    /// The plans of the proxies whose requests are all reset afterwards.
    dead: Vec<FaultPlan>,
}

impl FaultPlan {
    pub(super) fn queue(&self, fault: Fault) {
        self.lock().queue.push_back(fault);
    }

    pub(super) fn set_default(&self, fault: Fault) {
        self.lock().default = Some(fault);
    }

    pub(super) fn scatter(&self, seed: u64, one_in: u64, faults: Vec<Fault>) {
        self.lock().scattered = Some(Scatter { state: seed, one_in, faults });
    }

    pub(super) fn add(&self, operation: &str, nth: usize, fault: Fault, dead: Vec<Self>) {
        assert!(nth > 0, "calls are counted from 1");
        self.lock().planned.push(PlannedFault { operation: operation.to_owned(), left: nth, fault, dead });
    }

    /// Removes all planned faults and sets the default fault.
    pub(super) fn reset(&self, default: Option<Fault>) {
        let mut state = self.lock();
        state.planned.clear();
        state.queue.clear();
        state.default = default;
        state.scattered = None;
    }

    /// The signal that releases a held request.
    pub(super) fn hold(&self) -> &Notify {
        &self.hold
    }

    pub(super) fn requests(&self) -> Vec<RecordedRequest> {
        self.lock().requests.clone()
    }

    /// Records a request and returns its fault.
    pub(super) fn take(&self, request: &Message, pooled: bool) -> Fault {
        let mut state = self.lock();
        let (operation, body) = (request.operation(), request.body());
        let (fault, dead) = match state.take_planned(&operation) {
            Some(plan) => (plan.fault, plan.dead),
            None => (state.take_unplanned(), Vec::new()),
        };
        state.requests.push(RecordedRequest { operation, body, fault: fault.clone(), pooled });
        // To avoid deadlocks, only one plan is locked at a time.
        drop(state);
        for plan in dead {
            plan.reset(Some(Fault::Reset));
        }
        fault
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts a call, and removes and returns the fault that is due.
    fn take_planned(&mut self, operation: &str) -> Option<PlannedFault> {
        for plan in self.planned.iter_mut().filter(|plan| plan.operation == operation) {
            plan.left = plan.left.saturating_sub(1);
        }
        let due = self.planned.iter().position(|plan| plan.left == 0)?;
        Some(self.planned.remove(due))
    }

    fn take_unplanned(&mut self) -> Fault {
        let fault = self.queue.pop_front().or_else(|| self.default.clone());
        fault.or_else(|| self.scattered.as_mut().map(Scatter::draw)).unwrap_or(Fault::Pass)
    }
}

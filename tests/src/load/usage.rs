//! The memory and the open descriptors of the programs.

use super::log::Log;

/// The memory and the open descriptors of a program, or the largest of all programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceUsage {
    /// The creations of all clients so far.
    pub creations: usize,
    /// The resident memory of the largest program, in kilobytes.
    pub rss_kb: u64,
    /// The open descriptors of the program with the most.
    pub descriptors: usize,
}

impl ResourceUsage {
    /// Measures a process.
    pub(super) fn of(process: u32, creations: usize) -> Self {
        Self { creations, rss_kb: resident(process), descriptors: descriptors(process) }
    }
}

/// The largest usage of all programs at each measurement.
pub(super) fn of_all(logs: &[Log]) -> Vec<ResourceUsage> {
    let most = logs.iter().map(|log| log.usage.len()).max().unwrap_or(0);
    let at = |tenth: usize| logs.iter().filter_map(move |log| log.usage.get(tenth));
    (0..most)
        .map(|tenth| ResourceUsage {
            creations: at(tenth).map(|usage| usage.creations).max().unwrap_or(0) * logs.len(),
            rss_kb: at(tenth).map(|usage| usage.rss_kb).max().unwrap_or(0),
            descriptors: at(tenth).map(|usage| usage.descriptors).max().unwrap_or(0),
        })
        .collect()
}

/// The resident memory in kilobytes; 0 without `/proc`.
fn resident(process: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let figure = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    figure.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

fn descriptors(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count)
}

//! What processes have used, as Linux tells.

use std::fs;

/// Clock ticks a second, on every Linux of today.
const TICKS: f64 = 100.0;

/// The greatest memory that a process has had, in KiB; 0 if it is gone.
pub(crate) fn peak_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Seconds of processor time that a process and its children have used, ended children included.
pub(crate) fn processor_seconds(pid: u32) -> f64 {
    let of_children: f64 = children(pid).into_iter().map(own_seconds).sum();
    own_seconds(pid) + of_children
}

/// User and system time of a process and of its ended children.
fn own_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name of the program, in parentheses, may hold spaces.
    let Some((_, fields)) = stat.rsplit_once(')') else {
        return 0.0;
    };
    let ticks = fields.split_whitespace().skip(11).take(4);
    let ticks: u32 = ticks.filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
    f64::from(ticks) / TICKS
}

fn children(pid: u32) -> Vec<u32> {
    let listed = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    listed
        .split_whitespace()
        .filter_map(|child| child.parse().ok())
        .collect()
}

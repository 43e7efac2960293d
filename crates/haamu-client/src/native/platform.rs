//! The machine's clocks and randomness.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use haamu_sync::{ClockReading, Millis};
use sha2::{Digest, Sha256};

use crate::ports::Platform;

/// The machine's clocks and randomness.
#[derive(Clone, Copy, Debug)]
pub struct NativePlatform {
    started: Instant,
    /// Which boot it is; 0 where the system does not tell.
    boot: u64,
}

impl Default for NativePlatform {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            boot: boot_id(),
        }
    }
}

impl Platform for NativePlatform {
    fn now(&self) -> ClockReading {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map(millis)
            .unwrap_or_default();
        let monotonic = match self.boot {
            0 => millis(self.started.elapsed()),
            _ => uptime().unwrap_or_else(|| millis(self.started.elapsed())),
        };
        ClockReading {
            wall,
            monotonic,
            boot: self.boot,
        }
    }

    fn installation(&self) -> Option<[u8; 16]> {
        // The number of the machine is not for others to know: only its hash is kept.
        let machine = std::fs::read_to_string("/etc/machine-id").ok()?;
        let digest = Sha256::digest(format!("haamu device {}", machine.trim()));
        digest.first_chunk().copied()
    }

    fn random(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the system has randomness");
        bytes
    }

    async fn sleep_until(&self, monotonic: Millis) {
        let left = monotonic.saturating_sub(self.now().monotonic);
        tokio::time::sleep(Duration::from_millis(left)).await;
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// Milliseconds since the boot, across processes; known on Linux.
fn uptime() -> Option<Millis> {
    let text = std::fs::read_to_string("/proc/uptime").ok()?;
    let (seconds, hundredths) = text.split_whitespace().next()?.split_once('.')?;
    Some(seconds.parse::<Millis>().ok()? * 1_000 + hundredths.parse::<Millis>().ok()? * 10)
}

/// A number that names this boot; known on Linux.
fn boot_id() -> u64 {
    let Ok(text) = std::fs::read_to_string("/proc/sys/kernel/random/boot_id") else {
        return 0;
    };
    let digest = Sha256::digest(text.trim().as_bytes());
    digest.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

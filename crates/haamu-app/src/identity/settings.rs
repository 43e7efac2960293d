//! What an operator may set about passwords, invitations and attempts.

use std::time::Duration;

use haamu_domain::daily::DailyLimits;
use haamu_domain::lockout::Patience;

/// How passwords are hashed: the parameters of argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashing {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
        }
    }
}

/// What concerns passwords, invitations and attempts.
#[derive(Clone, Copy, Debug)]
pub struct IdentitySettings {
    /// How passwords are hashed from now on; older hashes are renewed when their person signs in.
    pub hashing: Hashing,
    /// After so many failures in a row there is a long pause before each further attempt.
    pub attempts: u32,
    /// The long pause.
    pub pause: Duration,
    /// How long an invitation can be accepted.
    pub invitation: Duration,
    /// What people may cause only so often on one day.
    pub daily: DailyLimits,
}

impl Default for IdentitySettings {
    fn default() -> Self {
        Self {
            hashing: Hashing::default(),
            attempts: 10,
            pause: Duration::from_secs(15 * 60),
            invitation: Duration::from_secs(7 * 24 * 3600),
            daily: DailyLimits::default(),
        }
    }
}

impl IdentitySettings {
    fn pause_seconds(&self) -> i64 {
        i64::try_from(self.pause.as_secs()).unwrap_or(i64::MAX)
    }

    pub(super) fn with_account(&self) -> Patience {
        Patience::with_account(self.attempts, self.pause_seconds())
    }

    pub(super) fn with_address(&self) -> Patience {
        Patience::with_address(self.attempts, self.pause_seconds())
    }
}

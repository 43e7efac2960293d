//! Attempts to guess a secret are slowed, and then locked out for a while.
//!
//! An attempt counts as failed when it begins, and stops counting when it
//! succeeds: attempts that run side by side cannot outrun the count.

use crate::Timestamp;

/// How patient the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// So many failures in a row cost nothing.
    pub free: u32,
    /// After so many failures in a row there is a pause of [`Patience::lock_seconds`] before each further attempt.
    pub limit: u32,
    /// Between the two, the pause doubles with each failure, up to so many seconds.
    pub longest_delay_seconds: i64,
    /// The pause of a lock, in seconds.
    pub lock_seconds: i64,
    /// Failures are forgotten when there was none for so many seconds.
    pub forget_seconds: i64,
}

impl Patience {
    /// With one account's secret.
    #[must_use]
    pub const fn with_account(limit: u32, lock_seconds: i64) -> Self {
        Self {
            free: 3,
            limit,
            longest_delay_seconds: 60,
            lock_seconds,
            forget_seconds: 24 * 3_600,
        }
    }

    /// With one address, behind which there may be many people.
    #[must_use]
    pub const fn with_address(account_limit: u32, lock_seconds: i64) -> Self {
        Self {
            free: account_limit.saturating_mul(2),
            limit: account_limit.saturating_mul(10),
            longest_delay_seconds: 30,
            lock_seconds,
            forget_seconds: 24 * 3_600,
        }
    }

    /// The pause after so many failures in a row, in seconds.
    const fn pause(self, failures: u32) -> i64 {
        if failures >= self.limit {
            return self.lock_seconds;
        }
        let over = failures.saturating_sub(self.free);
        if over == 0 {
            return 0;
        }
        let exponent = if over < 32 { over } else { 32 };
        let delay = 1_i64 << exponent;
        if delay < self.longest_delay_seconds {
            delay
        } else {
            self.longest_delay_seconds
        }
    }
}

/// The failed attempts of an account or an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    /// How many have failed in a row, those under way included.
    pub failures: u32,
    /// When the last one began.
    pub last_at: Timestamp,
}

/// It is too early for a further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locked {
    /// In how many seconds it will not be; at least 1.
    pub retry_after_seconds: u64,
}

impl Attempts {
    /// Begins an attempt: the state in which it has failed, which is to be kept until it succeeds.
    ///
    /// # Errors
    /// It is too early; nothing is to be kept then.
    pub fn begin(self, patience: Patience, now: Timestamp) -> Result<Self, Locked> {
        if self.is_forgotten(patience, now) {
            return Ok(Self {
                failures: 1,
                last_at: now,
            });
        }
        let free_at = self.last_at.plus_seconds(patience.pause(self.failures));
        if self.failures > 0 && now < free_at {
            let millis = free_at.millis().saturating_sub(now.millis());
            let seconds = millis.div_euclid(1_000) + i64::from(millis.rem_euclid(1_000) > 0);
            return Err(Locked {
                retry_after_seconds: u64::try_from(seconds).unwrap_or(1).max(1),
            });
        }
        Ok(Self {
            failures: self.failures.saturating_add(1),
            last_at: self.last_at.max(now),
        })
    }

    /// The state after one attempt has succeeded that others may have failed beside: it alone does not count.
    #[must_use]
    pub const fn taken_back(self) -> Self {
        Self {
            failures: self.failures.saturating_sub(1),
            last_at: self.last_at,
        }
    }

    /// Whether all failures are so long ago that they do not count any more.
    #[must_use]
    pub fn is_forgotten(self, patience: Patience, now: Timestamp) -> bool {
        now >= self.last_at.plus_seconds(patience.forget_seconds)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATIENCE: Patience = Patience::with_account(10, 900);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_000).plus_seconds(seconds)
    }

    #[test]
    fn failures_are_slowed_and_then_locked_out() {
        let mut attempts = Attempts::default();
        let mut pauses = Vec::new();
        let mut now = at(0);
        for _ in 0..12 {
            let pause = match attempts.begin(PATIENCE, now) {
                Ok(_) => 0,
                Err(locked) => i64::try_from(locked.retry_after_seconds).expect("a small number"),
            };
            pauses.push(pause);
            now = now.plus_seconds(pause);
            attempts = attempts.begin(PATIENCE, now).expect("the pause is over");
        }
        assert_eq!(pauses, [0, 0, 0, 0, 2, 4, 8, 16, 32, 60, 900, 900]);
    }

    #[test]
    fn old_failures_are_forgotten() {
        let locked = Attempts {
            failures: 40,
            last_at: at(0),
        };
        let later = locked.begin(PATIENCE, at(24 * 3_600)).expect("a day later");
        assert_eq!(later.failures, 1);
        assert!(locked.begin(PATIENCE, at(899)).is_err());
    }

    /// What somebody does: waits, and then tries, with or without success.
    fn steps() -> impl Strategy<Value = Vec<(i64, bool)>> {
        proptest::collection::vec((0..2_000_i64, proptest::bool::weighted(0.1)), 1..200)
    }

    proptest! {
        /// However somebody spaces the attempts, the limit holds between two successes.
        #[test]
        fn nobody_guesses_faster_than_the_limit_allows(steps in steps()) {
            let (mut attempts, mut now) = (Attempts::default(), at(0));
            let mut begun: Vec<Timestamp> = Vec::new();
            for (wait, succeeds) in steps {
                now = now.plus_seconds(wait);
                let Ok(next) = attempts.begin(PATIENCE, now) else { continue };
                // All that were let through within one lock's time, this one included.
                let window = begun.iter().filter(|moment| now < moment.plus_seconds(900)).count() + 1;
                prop_assert!(window <= 11, "{window} attempts in a quarter of an hour");
                begun.push(now);
                attempts = next;
                if succeeds {
                    attempts = Attempts::default();
                    begun.clear();
                }
            }
        }

        /// A lock ends: whoever waits as long as they are told to is let through.
        #[test]
        fn waiting_as_told_is_enough(failures in 0..u32::MAX, since in 0..100_000_i64) {
            let attempts = Attempts { failures, last_at: at(0) };
            if let Err(locked) = attempts.begin(PATIENCE, at(since)) {
                let wait = i64::try_from(locked.retry_after_seconds).expect("a small number");
                prop_assert!(wait <= 900);
                prop_assert!(attempts.begin(PATIENCE, at(since + wait)).is_ok());
            }
        }

        /// Attempts side by side are all counted, in whatever order they end.
        #[test]
        fn attempts_side_by_side_are_all_counted(together in 1..20_u32) {
            let mut attempts = Attempts::default();
            let mut let_through = 0;
            for _ in 0..together {
                if let Ok(next) = attempts.begin(PATIENCE, at(0)) {
                    attempts = next;
                    let_through += 1;
                }
            }
            prop_assert_eq!(let_through, together.min(4));
            prop_assert_eq!(attempts.taken_back().failures, let_through - 1);
        }
    }
}

//! What the operator asks of all devices; every answer of the server carries it.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// Below this share of its battery a device sends answers only, unless the server says otherwise.
pub const LOW_BATTERY_PERCENT: u8 = 15;

const HOUR_MS: u64 = 3_600_000;

/// What the operator asks of all devices.
///
/// Fields that an older server does not send have the values of [`Policy::default`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Builds below this must be updated ([`crate::build`]); empty if any will do.
    #[serde(default)]
    pub min_build: String,
    /// Not to come again before so many milliseconds; 0 if at once is fine.
    #[serde(default)]
    pub retry_after_ms: u64,
    /// What may go over which network, in the words of the first servers. Where this and the two
    /// fields below differ, the stricter one holds.
    #[serde(default)]
    pub networks: Networks,
    /// Over which networks thumbnails may go.
    #[serde(default)]
    pub thumbnails: Network,
    /// Over which networks originals may go.
    #[serde(default)]
    pub originals: Network,
    /// So many hours before the deadline of their visit, and after it, originals go over any network; 0: never.
    #[serde(default)]
    pub originals_any_hours: u32,
    /// With less of the battery than this, from 0 to 100 percent, only answers are sent.
    #[serde(default = "low_battery_percent")]
    pub low_battery_percent: u8,
}

/// A network that a device may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Any network.
    #[default]
    Any,
    /// Only networks whose use is not paid for by volume.
    Unmetered,
}

/// What may go over which network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Networks {
    /// Everything over any network.
    #[default]
    Any,
    /// Answers over any network, photos over unmetered ones.
    PhotosUnmetered,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            min_build: String::new(),
            retry_after_ms: 0,
            networks: Networks::Any,
            thumbnails: Network::Any,
            originals: Network::Any,
            originals_any_hours: 0,
            low_battery_percent: LOW_BATTERY_PERCENT,
        }
    }
}

impl Policy {
    /// Over which networks thumbnails may go.
    #[must_use]
    pub fn thumbnails_over(&self) -> Network {
        self.photos_over(self.thumbnails)
    }

    /// Over which networks the original of a photo may go at `now`, if its visit has this deadline.
    #[must_use]
    pub fn originals_over(&self, now: Millis, deadline: Option<Millis>) -> Network {
        let hours = u64::from(self.originals_any_hours);
        let opens = deadline.map(|deadline| deadline.saturating_sub(hours * HOUR_MS));
        if hours > 0 && opens.is_some_and(|opens| opens <= now) {
            return Network::Any;
        }
        self.photos_over(self.originals)
    }

    fn photos_over(&self, network: Network) -> Network {
        match self.networks {
            Networks::Any => network,
            Networks::PhotosUnmetered => Network::Unmetered,
        }
    }
}

const fn low_battery_percent() -> u8 {
    LOW_BATTERY_PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stricter_word_holds() {
        let mut policy = Policy::default();
        assert_eq!(policy.thumbnails_over(), Network::Any);
        assert_eq!(policy.originals_over(0, None), Network::Any);
        policy.originals = Network::Unmetered;
        assert_eq!(policy.thumbnails_over(), Network::Any);
        assert_eq!(policy.originals_over(0, None), Network::Unmetered);
        // A server of old knows one word for all photos.
        policy.networks = Networks::PhotosUnmetered;
        assert_eq!(policy.thumbnails_over(), Network::Unmetered);
    }

    #[test]
    fn a_deadline_that_is_near_opens_any_network_for_originals() {
        let mut policy = Policy {
            originals: Network::Unmetered,
            ..Policy::default()
        };
        let deadline = 100 * HOUR_MS;
        assert_eq!(
            policy.originals_over(deadline, Some(deadline)),
            Network::Unmetered,
            "0 is never"
        );
        policy.originals_any_hours = 12;
        let opens = deadline - 12 * HOUR_MS;
        assert_eq!(
            policy.originals_over(opens - 1, Some(deadline)),
            Network::Unmetered
        );
        assert_eq!(policy.originals_over(opens, Some(deadline)), Network::Any);
        assert_eq!(policy.originals_over(opens, None), Network::Unmetered);
    }
}

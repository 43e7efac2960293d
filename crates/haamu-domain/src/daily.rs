//! What may be done only so often on one day: mails that people cause, and registrations.

use crate::Timestamp;

/// The milliseconds of a day.
const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// What is counted by days, which are those of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Mails with invitations into the agency that a person causes.
    Invitations,
    /// Mails about addresses of one's own account that a person causes.
    AddressLinks,
    /// Shoppers whom a person asks whether they want a visit.
    JobInvitations,
    /// Registrations for an agency.
    Registrations,
    /// Registrations for an agency from one network.
    RegistrationsOfNetwork,
    /// Mails about registrations for an agency to one address.
    RegistrationMails,
}

impl Counted {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Invitations,
        Self::AddressLinks,
        Self::JobInvitations,
        Self::Registrations,
        Self::RegistrationsOfNetwork,
        Self::RegistrationMails,
    ];

    /// The name in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invitations => "invitations",
            Self::AddressLinks => "address_links",
            Self::JobInvitations => "job_invitations",
            Self::Registrations => "registrations",
            Self::RegistrationsOfNetwork => "registrations_of_network",
            Self::RegistrationMails => "registration_mails",
        }
    }
}

/// How often each may be on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyLimits {
    /// Mails with invitations that one person of an agency causes.
    pub invitations: u32,
    /// Mails about addresses that one person causes in an agency.
    pub address_links: u32,
    /// Shoppers whom one person asks about visits; what goes to the same shopper within some minutes is one mail.
    pub job_invitations: u32,
    /// Registrations for an agency from one network.
    pub registrations_of_network: u32,
    /// Mails about registrations for an agency to one address.
    pub registration_mails: u32,
}

impl Default for DailyLimits {
    fn default() -> Self {
        Self {
            invitations: 200,
            address_links: 10,
            job_invitations: 5_000,
            registrations_of_network: 20,
            registration_mails: 3,
        }
    }
}

/// The number of a moment's day.
#[must_use]
pub const fn day_of(now: Timestamp) -> i64 {
    now.millis().div_euclid(DAY_MS)
}

/// When the day of a moment is over: from then on, the count begins anew.
#[must_use]
pub const fn next_day(now: Timestamp) -> Timestamp {
    Timestamp::from_millis((day_of(now) + 1) * DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_of_utc() {
        let midnight = Timestamp::from_millis(20_000 * DAY_MS);
        assert_eq!(day_of(midnight), 20_000);
        assert_eq!(day_of(Timestamp::from_millis(midnight.millis() - 1)), 19_999);
        assert_eq!(next_day(midnight), Timestamp::from_millis(20_001 * DAY_MS));
        assert_eq!(next_day(Timestamp::from_millis(-1)), Timestamp::from_millis(0));
    }

    #[test]
    fn what_is_counted_has_names_of_its_own() {
        let names: std::collections::BTreeSet<_> = Counted::ALL.iter().map(|of| of.as_str()).collect();
        assert_eq!(names.len(), Counted::ALL.len());
    }
}

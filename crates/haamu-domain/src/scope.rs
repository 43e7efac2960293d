//! Kinds and sets of verbs: what a token of an integration, or a session that lacks something, is limited to.

use std::fmt;

use crate::Verb;

const WORDS: usize = 4;

/// A set of verbs.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct VerbSet([u64; WORDS]);

// Each verb has a bit.
const _: () = assert!(Verb::ALL.len() <= WORDS * 64);

impl VerbSet {
    /// No verb.
    pub const EMPTY: Self = Self([0; WORDS]);

    /// What a session may do whose person lacks the second factor that their role needs: set one up, or leave.
    pub const FACTORLESS: Self = Self::EMPTY
        .with(Verb::ReadMe)
        .with(Verb::ManageSecondFactors)
        .with(Verb::ManageSessions);

    /// The set with one verb more.
    #[must_use]
    pub const fn with(mut self, verb: Verb) -> Self {
        let bit = verb as usize;
        self.0[bit / 64] |= 1 << (bit % 64);
        self
    }

    /// Whether the verb is in it.
    #[must_use]
    pub const fn contains(self, verb: Verb) -> bool {
        let bit = verb as usize;
        self.0[bit / 64] & (1 << (bit % 64)) != 0
    }

    /// The verbs, in the order of [`Verb::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Verb> {
        Verb::ALL.iter().copied().filter(move |verb| self.contains(*verb))
    }
}

impl fmt::Debug for VerbSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Verb::as_str)).finish()
    }
}

impl FromIterator<Verb> for VerbSet {
    fn from_iter<I: IntoIterator<Item = Verb>>(verbs: I) -> Self {
        verbs.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl Verb {
    /// Whether only a person may do it: what concerns one's own account and devices, what gives out access,
    /// and what somebody has to answer for.
    #[must_use]
    pub const fn needs_a_person(self) -> bool {
        matches!(
            self,
            Self::ManageAccount
                | Self::ManageSessions
                | Self::ManageSecondFactors
                | Self::ManageSecurity
                | Self::ManageServiceTokens
                | Self::ManageRegistration
                | Self::DecideRegistrations
                | Self::EndSessions
                | Self::DisableUser
                | Self::ChangeRole
                | Self::ResetSecondFactors
                | Self::EnrolDevice
                | Self::ReadDevices
                | Self::ConfirmBriefing
                | Self::TakeQuiz
                | Self::ApplyForJob
                | Self::ChangeOwnAssignment
                | Self::ManageOwnProfile
                | Self::AcceptAssignment
                | Self::Sync
                | Self::UploadBlob
                | Self::RecordStaffNotice
                | Self::ManageRetention
                | Self::HoldVisit
                | Self::ProposePlan
                | Self::ApplyPlan
                | Self::ConfirmCritical
                | Self::ApproveEvaluation
                | Self::ReturnEvaluation
                | Self::ReleaseEvaluation
                | Self::AdoptSetAside
                | Self::DiscardSetAside
        )
    }

    /// Whether what is done with it lets somebody in, or keeps somebody out, for longer than a session lasts. An
    /// access token outlives its session by some minutes, and must not be enough for it then.
    #[must_use]
    pub const fn gives_access(self) -> bool {
        matches!(
            self,
            Self::CreateUser
                | Self::Invite
                | Self::ChangeRole
                | Self::DisableUser
                | Self::EndSessions
                | Self::AssignUnits
                | Self::ResetSecondFactors
                | Self::ManageAccount
                | Self::ManageSecondFactors
                | Self::ManageSecurity
                | Self::ManageServiceTokens
                | Self::EnrolDevice
                | Self::RevokeDevice
                | Self::ImportShoppers
                | Self::ManageRegistration
                | Self::DecideRegistrations
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_into_it() {
        for verb in Verb::ALL {
            let set = VerbSet::EMPTY.with(*verb);
            assert_eq!(set.iter().collect::<Vec<_>>(), [*verb]);
        }
        let all: VerbSet = Verb::ALL.iter().copied().collect();
        assert_eq!(all.iter().count(), Verb::ALL.len());
        assert_eq!(VerbSet::EMPTY.iter().count(), 0);
    }
}

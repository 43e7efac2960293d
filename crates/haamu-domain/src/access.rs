//! How somebody signed in, and the states of what they are asked for.

use crate::machine::TransitionError;
use crate::names::names;

names! {
    /// By what somebody signed in.
    SignInMethod {
        /// E-mail and password.
        Password = "password",
        /// A passkey, without a password.
        Passkey = "passkey",
        /// The agency's identity provider.
        IdentityProvider = "identity_provider",
    }
}

names! {
    /// What has become of an invitation.
    InvitationState {
        /// It can be accepted, unless it has run out.
        Open = "open",
        /// Somebody has become a member.
        Accepted = "accepted",
        /// It was taken back.
        Withdrawn = "withdrawn",
    }
}

names! {
    /// What has become of a mail.
    MailState {
        /// It is to be sent, for the first time or again.
        Waiting = "waiting",
        /// The mail server has taken it.
        Sent = "sent",
        /// It was given up.
        Failed = "failed",
    }
}

names! {
    /// What can happen to an invitation.
    InvitationEvent {
        /// Its mail is sent again, with another link.
        Resend = "resend",
        /// Somebody becomes a member by it.
        Accept = "accept",
        /// It is taken back.
        Withdraw = "withdraw",
    }
}

impl InvitationState {
    /// The state after an event; to take it back once more changes nothing.
    ///
    /// # Errors
    /// [`TransitionError`] where it was accepted or taken back before.
    pub const fn after(self, event: InvitationEvent) -> Result<Self, TransitionError> {
        use InvitationEvent as E;
        Ok(match (self, event) {
            (Self::Open, E::Resend) => Self::Open,
            (Self::Open, E::Accept) => Self::Accepted,
            (Self::Open | Self::Withdrawn, E::Withdraw) => Self::Withdrawn,
            _ => return Err(TransitionError::new(self.as_str(), event.as_str())),
        })
    }
}

names! {
    /// What can come of an attempt to send a mail.
    MailEvent {
        /// The mail server takes it.
        Send = "send",
        /// It does not, and may later.
        TryAgain = "try_again",
        /// It never will, or too late.
        GiveUp = "give_up",
    }
}

impl MailState {
    /// The state after an event.
    ///
    /// # Errors
    /// [`TransitionError`] where nothing can come of it any more.
    pub const fn after(self, event: MailEvent) -> Result<Self, TransitionError> {
        match (self, event) {
            (Self::Waiting, MailEvent::Send) => Ok(Self::Sent),
            (Self::Waiting, MailEvent::TryAgain) => Ok(Self::Waiting),
            (Self::Waiting, MailEvent::GiveUp) => Ok(Self::Failed),
            _ => Err(TransitionError::new(self.as_str(), event.as_str())),
        }
    }
}

names! {
    /// What a link is for that was mailed to a person about their account.
    SecretPurpose {
        /// To show that the account's address is theirs.
        VerifyEmail = "verify_email",
        /// To move the account to another address.
        ChangeEmail = "change_email",
        /// To set a new password.
        ResetPassword = "reset_password",
    }
}

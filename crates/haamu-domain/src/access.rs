//! How somebody signed in, and the states of what they are asked for.

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$of])* $variant,)*
        }

        impl $name {
            /// The name in JSON and SQL.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// What a name means.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($text => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

named! {
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

named! {
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

named! {
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

named! {
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

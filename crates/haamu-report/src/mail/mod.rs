//! Mails: what they say, in the product's languages, as plain text and as a simple page.

mod offers;
mod roles;
mod staff;
mod words;

use askama::Template;
use haamu_domain::Role;
use haamu_form::Language;
use serde::{Deserialize, Serialize};

pub use offers::{OfferLine, OfferNews};
pub use staff::{StaffLine, StaffNews};
use words::Words;

/// What a mail is about, with what its template is filled with.
#[derive(Clone, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "template")]
pub enum Letter {
    /// Somebody is asked to become a member of an agency.
    Invitation {
        /// The name of the agency.
        agency: String,
        /// What the person is to be.
        role: Role,
        /// The secret of the link.
        secret: String,
        /// How long the link is good, in hours.
        good_for_hours: u32,
    },
    /// A person is asked to show that the address of their account is theirs.
    VerifyEmail {
        /// The secret of the link.
        secret: String,
        /// How long the link is good, in hours.
        good_for_hours: u32,
    },
    /// A person is asked to show that the new address of their account is theirs.
    ChangeEmail {
        /// The secret of the link.
        secret: String,
        /// How long the link is good, in hours.
        good_for_hours: u32,
    },
    /// Somebody wanted to move their account to an address that has one already.
    EmailInUse,
    /// The account has moved to another address; sent to the old one.
    EmailChanged,
    /// Somebody has asked for a new password.
    ResetPassword {
        /// The secret of the link.
        secret: String,
        /// How long the link is good, in hours.
        good_for_hours: u32,
    },
    /// The password was changed.
    PasswordChanged,
    /// An agency has made an account for somebody, who is to choose its password.
    ChoosePassword {
        /// The name of the agency.
        agency: String,
        /// The secret of the link.
        secret: String,
        /// How long the link is good, in hours.
        good_for_hours: u32,
    },
    /// Somebody has registered as a shopper, and is asked to show that the address is theirs.
    ConfirmRegistration {
        /// The name of the agency.
        agency: String,
        /// The secret of the link.
        secret: String,
        /// How long the link is good, in hours.
        good_for_hours: u32,
    },
    /// Somebody has registered as a shopper with an address that has an account already, which may join the agency.
    JoinAgency {
        /// The name of the agency.
        agency: String,
        /// The secret of the link.
        secret: String,
        /// How long the link is good, in hours.
        good_for_hours: u32,
    },
    /// Somebody has registered as a shopper with the address of a member of the agency.
    AlreadyMember {
        /// The name of the agency.
        agency: String,
    },
    /// The agency has let somebody in who had registered.
    RegistrationApproved {
        /// The name of the agency.
        agency: String,
    },
    /// The agency has declined somebody who had registered.
    RegistrationDeclined {
        /// The name of the agency.
        agency: String,
        /// Why, in the words of the agency.
        reason: String,
    },
    /// What has become of offers of visits.
    Offers {
        /// The name of the agency.
        agency: String,
        /// Which.
        news: OfferNews,
    },
    /// What shoppers did with visits of theirs, for coordinators.
    Fieldwork {
        /// The name of the agency.
        agency: String,
        /// What.
        news: StaffNews,
    },
    /// A second factor was added to the account.
    SecondFactorAdded,
    /// The second factors were taken away.
    SecondFactorsRemoved,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets of links are not shown.
        f.debug_tuple("Letter").field(&self.template()).finish()
    }
}

impl Letter {
    /// The name of the template.
    #[must_use]
    pub const fn template(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => "invitation",
            Self::VerifyEmail { .. } => "verify_email",
            Self::ChangeEmail { .. } => "change_email",
            Self::EmailInUse => "email_in_use",
            Self::EmailChanged => "email_changed",
            Self::ResetPassword { .. } => "reset_password",
            Self::PasswordChanged => "password_changed",
            Self::ChoosePassword { .. } => "choose_password",
            Self::ConfirmRegistration { .. } => "confirm_registration",
            Self::JoinAgency { .. } => "join_agency",
            Self::AlreadyMember { .. } => "already_member",
            Self::RegistrationApproved { .. } => "registration_approved",
            Self::RegistrationDeclined { .. } => "registration_declined",
            Self::Offers { .. } => "offers",
            Self::Fieldwork { .. } => "fieldwork",
            Self::SecondFactorAdded => "second_factor_added",
            Self::SecondFactorsRemoved => "second_factors_removed",
        }
    }

    /// The page that the mail's link leads to, and its secret. The secret is behind a `#`: no server and no
    /// proxy on the way gets to see it.
    const fn link(&self) -> Option<(&'static str, &String)> {
        match self {
            Self::Invitation { secret, .. } => Some(("invitation", secret)),
            Self::VerifyEmail { secret, .. } | Self::ChangeEmail { secret, .. } => Some(("email", secret)),
            Self::ResetPassword { secret, .. } | Self::ChoosePassword { secret, .. } => {
                Some(("password", secret))
            }
            Self::ConfirmRegistration { secret, .. } | Self::JoinAgency { secret, .. } => {
                Some(("registration", secret))
            }
            Self::AlreadyMember { .. }
            | Self::RegistrationApproved { .. }
            | Self::RegistrationDeclined { .. }
            | Self::Offers { .. }
            | Self::Fieldwork { .. }
            | Self::EmailInUse
            | Self::EmailChanged
            | Self::PasswordChanged
            | Self::SecondFactorAdded
            | Self::SecondFactorsRemoved => None,
        }
    }
}

/// A mail as it is read.
#[derive(Clone, PartialEq, Eq)]
pub struct RenderedMail {
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as a page.
    pub html: String,
}

impl std::fmt::Debug for RenderedMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RenderedMail")
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

struct Action {
    label: &'static str,
    link: String,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct HtmlMail<'a> {
    language: &'static str,
    words: &'a Words,
    action: Option<&'a Action>,
}

#[derive(Template)]
#[template(path = "mail.txt", escape = "none")]
struct TextMail<'a> {
    words: &'a Words,
    action: Option<&'a Action>,
}

/// Writes a mail. `public_url` is the server's address as people reach it, without a slash at its end.
///
/// # Errors
/// A template cannot be rendered, which no data should cause.
pub fn render_mail(
    letter: &Letter,
    language: Language,
    public_url: &str,
) -> Result<RenderedMail, askama::Error> {
    let words = Words::of(letter, language);
    let action = letter.link().map(|(page, secret)| Action {
        label: words.action,
        link: format!("{public_url}/{page}#{secret}"),
    });
    let action = action.as_ref();
    let html = HtmlMail {
        language: language.tag(),
        words: &words,
        action,
    };
    let text = TextMail {
        words: &words,
        action,
    };
    Ok(RenderedMail {
        text: text.render()?,
        html: html.render()?,
        subject: words.subject,
    })
}

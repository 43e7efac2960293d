//! Who people are: set-up, signing in, sessions, members, second factors, identity providers and integrations.

mod attempts;
mod challenges;
mod email;
mod invitations;
mod members;
mod oidc;
mod oidc_sign_in;
mod passkeys;
mod password_change;
mod passwords;
mod second_factors;
mod security;
mod service_tokens;
mod sessions;
mod settings;
mod setup;
mod sign_in;
mod tokens;
mod totp;
mod users;

pub use attempts::Origin;
pub use challenges::Proof;
pub use invitations::{InvitationInput, InvitationView, JoinInput};
pub use oidc::{ProviderInput, ProviderView};
pub use oidc_sign_in::OidcRedirect;
pub use passkeys::CeremonyView;
pub(crate) use passkeys::{Webauthn, webauthn};
pub use second_factors::{FactorsView, TotpEnrolment};
pub use service_tokens::ServiceTokenInput;
pub use sessions::{Issued, RefreshInput, SessionView};
pub use settings::{Hashing, IdentitySettings};
pub use setup::SetupInput;
pub use sign_in::{ChallengeView, SignInInput, SignedIn};
pub use tokens::Bearer;
pub(crate) use tokens::{KeySet, TokenKeys};
pub use users::{Me, MemberView, UserInput};

//! Who people are: set-up, signing in, sessions and members.

mod passwords;
mod sessions;
mod setup;
mod tokens;
mod users;

pub(crate) use passwords::{NO_PASSWORD, has_password};
pub use sessions::{Issued, RefreshInput, SignInInput};
pub use setup::SetupInput;
pub use tokens::Bearer;
pub(crate) use tokens::TokenKeys;
pub use users::{Me, MemberView, UserInput};

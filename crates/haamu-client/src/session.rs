//! The person's session with the server.

use std::fmt;

use haamu_domain::UserId;
use serde::{Deserialize, Serialize};

/// E-mail and password, used once and never stored.
#[derive(Clone)]
pub struct Credentials {
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// A session as it is kept on the device.
#[derive(Clone, Deserialize, PartialEq, Eq, Serialize)]
pub struct Session {
    /// The server's root, such as `https://haamu.example`.
    pub server: String,
    /// Who signed in.
    pub user: UserId,
    /// The person's name.
    pub display_name: String,
    /// Short-lived.
    pub access_token: String,
    /// Good for one use.
    pub refresh_token: String,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

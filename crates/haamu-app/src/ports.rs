//! What the use cases need of the world around them, which a server process provides.

use std::pin::Pin;

use haamu_domain::{MailId, Timestamp};
use haamu_report::RenderedMail;
use rand::RngExt;

/// Something that a port does.
pub type PortFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where the time comes from, and what makes identifiers different.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// What identifiers of the same millisecond differ in. Whoever gives the same bytes twice in one gets
    /// the same identifier twice.
    fn entropy(&self) -> [u8; 10] {
        rand::rng().random()
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let millis = since_1970.map(|elapsed| elapsed.as_millis()).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

/// A mail on its way out.
#[derive(Clone, Debug)]
pub struct OutgoingMail {
    /// Its id. A mail that is sent again, because the outcome was lost, has the same one.
    pub id: MailId,
    /// Whom it goes to.
    pub recipient: String,
    /// When it became necessary.
    pub created_at: Timestamp,
    /// What it says.
    pub content: RenderedMail,
}

/// Why a mail was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFailure {
    /// Whether it is of no use to try again.
    pub is_final: bool,
    /// Why, for an administrator; never what the mail says.
    pub reason: String,
}

/// Takes mails out into the world.
pub trait MailPort: Send + Sync {
    /// Hands a mail over. It may happen twice for the same mail.
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> PortFuture<'a, Result<(), MailFailure>>;
}

/// A request to another server.
#[derive(Clone)]
pub struct WebRequest {
    /// The method.
    pub method: String,
    /// The address.
    pub url: String,
    /// Headers by name.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for WebRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Headers and bodies hold secrets.
        f.debug_struct("WebRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// The answer of another server.
#[derive(Clone)]
pub struct WebAnswer {
    /// The status.
    pub status: u16,
    /// Headers by name.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for WebAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebAnswer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Another server could not be asked.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct WebFailure(pub String);

/// Asks other servers, such as identity providers. Redirects are not followed; answers are bounded.
pub trait WebPort: Send + Sync {
    /// Sends a request.
    fn send(&self, request: WebRequest) -> PortFuture<'_, Result<WebAnswer, WebFailure>>;
}

/// Everything that a server process provides.
pub struct Ports {
    /// Where the time comes from.
    pub clock: Box<dyn Clock>,
    /// Where mails go.
    pub mail: Box<dyn MailPort>,
    /// The way to other servers.
    pub web: Box<dyn WebPort>,
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}

//! Haamu's API server, as a library that the `haamu` program starts.
//!
//! It is thin: a handler reads the request, calls one use case of `haamu-app`,
//! and writes the answer. Rules, storage and rendering live elsewhere.

mod config;
mod http;
mod mail;
mod operator;
mod serve;
pub mod telemetry;
mod web;
mod worker;

pub use haamu_app::KeyKind;

pub use config::{Config, ConfigError, example_file};
pub use http::{
    BadNetwork, HttpSettings, Network, ProxyHeader, RateLimits, TrustedProxies, openapi_document, router,
};
pub use operator::{Agency, InvitedAdministrator, add_agency, invite_administrator, list_agencies};
pub use serve::{Purged, ServeError, Server, confirm_custody, migrate, purge, rotate_keys, work};
pub use tokio_util::sync::CancellationToken;
pub use web::Web;

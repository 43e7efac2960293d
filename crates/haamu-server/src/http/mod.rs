//! The HTTP API, version 1.

mod account;
mod agency_access;
mod agreements;
mod applications;
mod audit;
mod blobs;
mod briefings;
mod checklists;
mod client_organisations;
mod deposits;
mod devices;
mod evaluations;
mod examples;
mod extract;
mod failed_jobs;
mod filling;
mod health;
mod hierarchies;
mod identity;
mod imports;
mod invitations;
mod jobs;
mod limits;
mod middleware;
mod operations;
mod origin;
mod panel;
mod part;
mod problem;
mod programme_parts;
mod programmes;
mod proposals;
mod registration;
mod retention;
mod rounds;
mod route;
mod scenarios;
mod sessions;
mod set_aside;
mod shopper_records;
mod shoppers;
mod sign_in;
mod staff_notices;
mod sync;
mod training;
mod tus;
mod users;
mod visit_reports;
mod visits;

use std::sync::LazyLock;
use std::time::Duration;

use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::{Extension, Router};
use haamu_app::App;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Server,
};

use limits::Limits;
use operations::operations;

pub use limits::RateLimits;
pub use origin::{BadNetwork, Network, ProxyHeader, TrustedProxies};

/// The longest body of ordinary requests; after decompression.
const MAX_BODY: usize = 1024 * 1024;
/// The longest sync frame: a batch of operations, and what else a request holds.
const MAX_FRAME: usize = 2 * 1024 * 1024;
/// The longest checklist or table.
const MAX_DOCUMENT: usize = 8 * 1024 * 1024;
/// The longest part of a file: the longest that a device sends, with room.
const MAX_PART: usize = 5 * 1024 * 1024;
/// No request takes longer.
const TIMEOUT: Duration = Duration::from_secs(60);

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut document = operations().split_for_parts().1;
    examples::attach(&mut document);
    let text = document.to_pretty_json().unwrap_or_default();
    format!("{text}\n")
});

/// What concerns HTTP alone.
#[derive(Clone, Debug, Default)]
pub struct HttpSettings {
    /// Which proxies are believed about where requests come from.
    pub proxies: TrustedProxies,
    /// How often an address may ask without having signed in.
    pub limits: RateLimits,
}

/// The router of the API. Requests have a `ConnectInfo<SocketAddr>`, or come from no address and under no limit.
pub fn router(app: App, settings: HttpSettings) -> Router {
    let (router, _) = operations().split_for_parts();
    let HttpSettings { proxies, limits } = settings;
    let limits = Limits::new(&app, limits);
    router
        .fallback(middleware::not_found)
        .method_not_allowed_fallback(middleware::method_not_allowed)
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            TIMEOUT,
        ))
        .layer(RequestDecompressionLayer::new())
        .layer(from_fn(middleware::problems))
        .layer(from_fn(middleware::headers))
        .layer(from_fn(middleware::trace))
        .layer(CompressionLayer::new())
        .layer(from_fn(move |request, next| {
            origin::note_address(proxies.clone(), request, next)
        }))
        .layer(Extension(limits))
        .layer(Extension(app.clone()))
        .with_state(app)
}

/// The OpenAPI document of the API, as JSON.
#[must_use]
pub fn openapi_document() -> &'static str {
    &DOCUMENT
}

fn description() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Haamu")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The API of Haamu, an open-source mystery-shopping platform. Failures are problem documents \
             (RFC 9457) with a stable `code`; `x-haamu-codes` lists the codes of each status.",
        ))
        .license(Some(
            LicenseBuilder::new()
                .name("Apache-2.0 OR MIT")
                .identifier(Some("Apache-2.0 OR MIT"))
                .build(),
        ))
        .contact(Some(
            ContactBuilder::new().name(Some("The Haamu contributors")).build(),
        ))
        .build();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    let signature = "The field `Signature` of RFC 9421, with `Signature-Input` and `Content-Digest`: Ed25519 with the \
                     key of an enrolled device over `@method`, `@path`, `@query` and `content-digest`.";
    let signature = ApiKey::Header(ApiKeyValue::with_description("Signature", signature));
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .security_scheme("device_signature", SecurityScheme::ApiKey(signature))
        .build();
    let mut server = Server::new("/");
    server.description = Some("The server that this document comes from.".to_owned());
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([server]))
        .components(Some(components))
        .tags(Some(operations::tags()))
        .build()
}

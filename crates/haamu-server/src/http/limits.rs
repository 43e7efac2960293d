//! How often an address may ask without having signed in.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use haamu_app::{App, Error};
use haamu_domain::Code;

use super::origin::ClientAddress;
use super::problem::Failure;

/// Addresses that have not asked lately are forgotten after so many requests.
const SWEEP_EVERY: u32 = 10_000;

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// Nothing: what watches over the server asks without end.
    None,
    /// What anybody may read.
    Public,
    /// Whatever a secret could be guessed with, or a mail is sent for.
    Credentials,
}

/// How many requests an address may make in a minute; 0: any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Of those that anybody may make.
    pub public_per_minute: u32,
    /// Of those that a secret could be guessed with, or that a mail is sent for.
    pub credentials_per_minute: u32,
}

/// The clock of the use cases, as the limiter wants it.
#[derive(Clone)]
struct AppClock(App);

impl Clock for AppClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.now().millis().unsigned_abs())
    }
}

type Limiter = RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, AppClock, NoOpMiddleware<Duration>>;

/// The limits of one server process.
#[derive(Clone)]
pub(super) struct Limits(Arc<Kept>);

struct Kept {
    clock: AppClock,
    public: Option<Limiter>,
    credentials: Option<Limiter>,
    since_sweep: AtomicU32,
}

impl Limits {
    pub(super) fn new(app: &App, limits: RateLimits) -> Self {
        let clock = AppClock(app.clone());
        let limiter = |per_minute| {
            let quota = Quota::per_minute(NonZeroU32::new(per_minute)?);
            Some(RateLimiter::new(
                quota,
                DefaultKeyedStateStore::default(),
                clock.clone(),
            ))
        };
        Self(Arc::new(Kept {
            public: limiter(limits.public_per_minute),
            credentials: limiter(limits.credentials_per_minute),
            since_sweep: AtomicU32::new(0),
            clock: clock.clone(),
        }))
    }

    /// Counts a request. After one too many, says in how many seconds the next one is welcome.
    fn check(&self, limit: Limit, address: IpAddr) -> Result<(), u64> {
        let limiter = match limit {
            Limit::None => None,
            Limit::Public => self.0.public.as_ref(),
            Limit::Credentials => self.0.credentials.as_ref(),
        };
        let Some(limiter) = limiter else { return Ok(()) };
        if self.0.since_sweep.fetch_add(1, Ordering::Relaxed) >= SWEEP_EVERY {
            self.0.since_sweep.store(0, Ordering::Relaxed);
            for limiter in [&self.0.public, &self.0.credentials].into_iter().flatten() {
                limiter.retain_recent();
            }
        }
        limiter.check_key(&network_of(address)).map_err(|refused| {
            let wait = refused.wait_time_from(self.0.clock.now());
            wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
        })
    }
}

/// What one customer of a network provider has: an address, or with IPv6 the first 64 bits of it.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        IpAddr::V4(_) => address,
    }
}

/// Lets a request through while its address has not made too many.
pub(super) async fn limit(limit: Limit, request: Request, next: Next) -> Response {
    let address = request
        .extensions()
        .get::<ClientAddress>()
        .and_then(|known| known.0);
    let limits = request.extensions().get::<Limits>();
    if let (Some(limits), Some(address)) = (limits, address)
        && let Err(seconds) = limits.check(limit, address)
    {
        return Failure::from(Error::until(Code::TooManyRequests, seconds.max(1))).into_response();
    }
    next.run(request).await
}

//! Configuration: defaults, then a file, then `HAAMU_…` variables, then the command line.
//!
//! Every setting stands once, in `settings`; the commented example file is
//! generated from the same table.

mod check;
mod layers;
mod settings;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use haamu_app::{AppSettings, Hashing, IdentitySettings};
use haamu_domain::daily::DailyLimits;
use haamu_form::Language;
use haamu_store::{DbSettings, FileSettings};
use haamu_wire::Secret;
use haamu_wire::sync::{Network, Policy};
use serde::Deserialize;
use toml::Value;

use crate::http::{BadNetwork, HttpSettings, ProxyHeader, RateLimits, TrustedProxies};
use crate::mail::MailSettings;
use crate::web::Web;

use self::layers::{defaults, overlay_file, set_text};

pub use self::layers::example_file;

/// A setting is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {path} cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("the configuration file {path} is not TOML: {source}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// There is no such setting.
    #[error("{place}: there is no setting {key}")]
    Unknown {
        /// Where it was set.
        place: String,
        /// Its name.
        key: String,
    },
    /// A value is of the wrong type or out of range.
    #[error("{key}: {reason}")]
    Value {
        /// The setting.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

/// The configuration of a server process.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    listen: SocketAddr,
    public_url: String,
    trusted_proxies: String,
    proxy_header: String,
    public_per_minute: u32,
    credentials_per_minute: u32,
    data_dir: PathBuf,
    database_url: String,
    database_max_connections: u32,
    object_store: String,
    access_token_minutes: u32,
    refresh_token_days: u32,
    argon2_memory_kib: u32,
    argon2_passes: u32,
    argon2_lanes: u32,
    lock_out_attempts: u32,
    lock_out_minutes: u32,
    invitation_days: u32,
    invitations_per_day: u32,
    job_invitations_per_day: u32,
    provider_addresses: String,
    smtp_url: Secret,
    mail_sender: String,
    mail_language: String,
    max_file_mib: u32,
    staging_days: u32,
    agency_staging_mib: u32,
    submission_files_mib: u32,
    agency_files_gib: u32,
    min_builds: String,
    thumbnails_over: String,
    originals_over: String,
    originals_any_hours: u32,
    low_battery_percent: u32,
    pause_seconds: u32,
    workers: u32,
    job_lease_seconds: u32,
    log: String,
    log_format: String,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Addresses of databases hold passwords.
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// Puts the layers together: a file, variables by their full name, and
    /// overrides by the setting's name.
    ///
    /// # Errors
    /// [`ConfigError`] names the setting and what is wrong with it.
    pub fn load(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
        overrides: &[(&str, String)],
    ) -> Result<Self, ConfigError> {
        let mut values = defaults();
        if let Some(path) = file {
            overlay_file(&mut values, path)?;
        }
        for (name, text) in variables {
            let Some(key) = name.strip_prefix("HAAMU_").map(str::to_lowercase) else {
                continue;
            };
            // Other programs of the family have variables of their own.
            if values.contains_key(&key) {
                set_text(&mut values, &key, &text)?;
            }
        }
        for (key, text) in overrides {
            set_text(&mut values, key, text)?;
        }
        let config: Self = Value::Table(values)
            .try_into()
            .map_err(|error: toml::de::Error| ConfigError::Value {
                key: "configuration".to_owned(),
                reason: error.message().to_owned(),
            })?;
        config.validate()?;
        Ok(config)
    }

    /// What concerns HTTP alone.
    ///
    /// # Errors
    /// A proxy's address cannot be read.
    pub fn http(&self) -> Result<HttpSettings, ConfigError> {
        let wrong = |key: &str, reason: String| ConfigError::Value {
            key: key.to_owned(),
            reason,
        };
        let header = match self.proxy_header.as_str() {
            "x-forwarded-for" => ProxyHeader::XForwardedFor,
            "forwarded" => ProxyHeader::Forwarded,
            other => {
                let reason = format!("{other:?} is neither x-forwarded-for nor forwarded");
                return Err(wrong("proxy_header", reason));
            }
        };
        let named = self.trusted_proxies.split(',').map(str::trim);
        let networks = named
            .filter(|text| !text.is_empty())
            .map(|text| {
                let network = text.parse();
                network.map_err(|error: BadNetwork| wrong("trusted_proxies", format!("{text:?} is {error}")))
            })
            .collect::<Result<_, _>>()?;
        Ok(HttpSettings {
            proxies: TrustedProxies { networks, header },
            limits: RateLimits {
                public_per_minute: self.public_per_minute,
                credentials_per_minute: self.credentials_per_minute,
            },
        })
    }

    /// The way to other servers, such as identity providers.
    pub(crate) fn web(&self) -> Result<Web, reqwest::Error> {
        match self.provider_addresses.as_str() {
            "any" => Web::new(),
            _ => Web::public_only(),
        }
    }

    /// Where mails go.
    pub(crate) fn mail(&self) -> MailSettings {
        MailSettings {
            smtp_url: self.smtp_url.clone(),
            sender: self.mail_sender.clone(),
            folder: self.data_dir.join("mail"),
        }
    }

    /// The address by which people reach the server, without a slash at its end.
    fn public_url(&self) -> String {
        if self.public_url.is_empty() {
            return format!("http://localhost:{}", self.listen.port());
        }
        self.public_url.trim_end_matches('/').to_owned()
    }

    /// The address to listen on.
    #[must_use]
    pub const fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// The folder of the embedded database and files.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Whether database, files or mails are kept in [`Config::data_dir`].
    #[must_use]
    pub fn uses_data_dir(&self) -> bool {
        self.database_url.is_empty() || self.object_store.is_empty() || self.smtp_url.expose().is_empty()
    }

    /// How to reach the database.
    #[must_use]
    pub fn database(&self) -> DbSettings {
        let url = if self.database_url.is_empty() {
            format!("sqlite://{}", self.data_dir.join("haamu.sqlite").display())
        } else {
            self.database_url.clone()
        };
        DbSettings {
            url,
            max_connections: self.database_max_connections,
        }
    }

    /// Where files are kept.
    #[must_use]
    pub fn files(&self) -> FileSettings {
        if self.object_store.is_empty() {
            FileSettings::Folder(self.data_dir.join("objects"))
        } else {
            FileSettings::S3(self.object_store.clone())
        }
    }

    /// What concerns the use cases.
    #[must_use]
    pub fn app(&self) -> AppSettings {
        AppSettings {
            access_token: Duration::from_secs(u64::from(self.access_token_minutes) * 60),
            refresh_token: Duration::from_secs(u64::from(self.refresh_token_days) * 24 * 3600),
            max_file_bytes: u64::from(self.max_file_mib) << 20,
            staging_expiry: Duration::from_secs(u64::from(self.staging_days) * 24 * 3600),
            max_staged_bytes: u64::from(self.agency_staging_mib) << 20,
            max_submission_bytes: u64::from(self.submission_files_mib) << 20,
            max_agency_bytes: u64::from(self.agency_files_gib) << 30,
            job_lease: Duration::from_secs(u64::from(self.job_lease_seconds)),
            policy: self.policy(),
            // Only what can be read passes the check of the configuration.
            min_builds: self.min_builds.parse().unwrap_or_default(),
            identity: IdentitySettings {
                hashing: Hashing {
                    memory_kib: self.argon2_memory_kib,
                    passes: self.argon2_passes,
                    lanes: self.argon2_lanes,
                },
                attempts: self.lock_out_attempts,
                pause: Duration::from_secs(u64::from(self.lock_out_minutes) * 60),
                invitation: Duration::from_secs(u64::from(self.invitation_days) * 24 * 3600),
                daily: DailyLimits {
                    invitations: self.invitations_per_day,
                    job_invitations: self.job_invitations_per_day,
                    ..DailyLimits::default()
                },
            },
            public_url: self.public_url(),
            language: Language::from_tag(&self.mail_language).unwrap_or_default(),
            ..AppSettings::default()
        }
    }

    /// What is asked of devices.
    fn policy(&self) -> Policy {
        Policy {
            retry_after_ms: u64::from(self.pause_seconds) * 1_000,
            thumbnails: network(&self.thumbnails_over).unwrap_or_default(),
            originals: network(&self.originals_over).unwrap_or_default(),
            originals_any_hours: self.originals_any_hours,
            low_battery_percent: u8::try_from(self.low_battery_percent).unwrap_or(100),
            ..Policy::default()
        }
    }

    /// How many background jobs to do at a time.
    #[must_use]
    pub const fn workers(&self) -> u32 {
        self.workers
    }

    /// What to log.
    #[must_use]
    pub fn log_filter(&self) -> &str {
        &self.log
    }

    /// Whether log lines are JSON.
    #[must_use]
    pub fn logs_json(&self) -> bool {
        self.log_format == "json"
    }
}

fn network(name: &str) -> Option<Network> {
    match name {
        "any" => Some(Network::Any),
        "unmetered" => Some(Network::Unmetered),
        _ => None,
    }
}

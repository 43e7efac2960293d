//! Configuration: defaults, then a file, then `HAAMU_…` variables, then the command line.
//!
//! Every setting stands once, in [`SETTINGS`]; the commented example file is
//! generated from the same table.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use haamu_app::{AppSettings, Hashing, IdentitySettings};
use haamu_domain::daily::DailyLimits;
use haamu_form::Language;
use haamu_store::{DbSettings, FileSettings};
use haamu_wire::Secret;
use haamu_wire::sync::build::MinimumBuilds;
use haamu_wire::sync::{Network, Policy};
use serde::Deserialize;
use toml::{Table, Value};
use url::Url;

use crate::http::{BadNetwork, HttpSettings, ProxyHeader, RateLimits, TrustedProxies};
use crate::mail::MailSettings;
use crate::web::Web;

/// What a setting is when nobody sets it.
#[derive(Clone, Copy, Debug)]
enum Default {
    Text(&'static str),
    Number(i64),
}

/// One setting.
#[derive(Clone, Copy, Debug)]
struct Setting {
    area: &'static str,
    key: &'static str,
    default: Default,
    /// What it does, in lines of the example file.
    doc: &'static [&'static str],
}

const SETTINGS: &[Setting] = &[
    Setting {
        area: "server",
        key: "listen",
        default: Default::Text("127.0.0.1:8080"),
        doc: &[
            "Address and port to listen on. Put a reverse proxy with TLS in front before",
            "opening it to others.",
        ],
    },
    Setting {
        area: "server",
        key: "public_url",
        default: Default::Text(""),
        doc: &[
            "The address by which people reach the server, such as https://haamu.example. Links in mails lead there, and",
            "passkeys are bound to its name. Empty: http://localhost with the port above.",
        ],
    },
    Setting {
        area: "server",
        key: "trusted_proxies",
        default: Default::Text(""),
        doc: &[
            "Addresses and networks of reverse proxies that are believed about where requests come from, such as",
            "`10.0.0.0/8, 2001:db8::1`.",
        ],
    },
    Setting {
        area: "server",
        key: "proxy_header",
        default: Default::Text("x-forwarded-for"),
        doc: &["The header that these proxies write: `x-forwarded-for` or `forwarded`."],
    },
    Setting {
        area: "server",
        key: "public_per_minute",
        default: Default::Number(600),
        doc: &["How many requests an address may make in a minute without having signed in; 0: any number."],
    },
    Setting {
        area: "server",
        key: "credentials_per_minute",
        default: Default::Number(60),
        doc: &[
            "The same for sign-in, set-up, invitations, new passwords and confirmations, which could be used to guess;",
            "0: any number.",
        ],
    },
    Setting {
        area: "storage",
        key: "data_dir",
        default: Default::Text("haamu-data"),
        doc: &[
            "Folder for the embedded database and files; used only where the two settings",
            "below are empty.",
        ],
    },
    Setting {
        area: "storage",
        key: "database_url",
        default: Default::Text(""),
        doc: &[
            "postgres://user:password@host/database, or sqlite:///path/to/file.",
            "Empty: SQLite in data_dir.",
        ],
    },
    Setting {
        area: "storage",
        key: "database_max_connections",
        default: Default::Number(10),
        doc: &["The greatest number of database connections of this process."],
    },
    Setting {
        area: "storage",
        key: "object_store",
        default: Default::Text(""),
        doc: &[
            "s3://bucket/prefix, with keys, region and endpoint in the usual AWS_… variables.",
            "The store must honour `If-None-Match: *`. Empty: a folder in data_dir.",
        ],
    },
    Setting {
        area: "identity",
        key: "access_token_minutes",
        default: Default::Number(15),
        doc: &["How long an access token is good; a lost role ends after at most this long."],
    },
    Setting {
        area: "identity",
        key: "refresh_token_days",
        default: Default::Number(30),
        doc: &["How long a device may be without network before its person must sign in again."],
    },
    Setting {
        area: "identity",
        key: "argon2_memory_kib",
        default: Default::Number(19_456),
        doc: &[
            "How passwords are hashed: memory in KiB, passes and lanes of argon2id. Where more is asked for than a hash",
            "was made with, it is made anew when its person signs in.",
        ],
    },
    Setting {
        area: "identity",
        key: "argon2_passes",
        default: Default::Number(2),
        doc: &["Passes over the memory."],
    },
    Setting {
        area: "identity",
        key: "argon2_lanes",
        default: Default::Number(1),
        doc: &["Lanes of the memory."],
    },
    Setting {
        area: "identity",
        key: "lock_out_attempts",
        default: Default::Number(10),
        doc: &[
            "After so many failed attempts in a row an account is locked before each further one. From the fourth on,",
            "pauses grow. An address is given ten times as many.",
        ],
    },
    Setting {
        area: "identity",
        key: "lock_out_minutes",
        default: Default::Number(15),
        doc: &["How long a lock lasts."],
    },
    Setting {
        area: "identity",
        key: "invitation_days",
        default: Default::Number(7),
        doc: &["How long an invitation can be accepted."],
    },
    Setting {
        area: "identity",
        key: "invitations_per_day",
        default: Default::Number(200),
        doc: &["How many mails with invitations one person of an agency causes on one day."],
    },
    Setting {
        area: "identity",
        key: "job_invitations_per_day",
        default: Default::Number(5_000),
        doc: &["How many shoppers one person of an agency asks on one day whether they want a visit."],
    },
    Setting {
        area: "identity",
        key: "provider_addresses",
        default: Default::Text("public"),
        doc: &[
            "Where identity providers may be: `public`, or `any` for such as stand in one's own network. Whoever",
            "administers an agency can make the server ask any address there then.",
        ],
    },
    Setting {
        area: "mail",
        key: "smtp_url",
        default: Default::Text(""),
        doc: &[
            "The mail server: smtps://user:password@host, or smtp://user:password@host:587?tls=required for STARTTLS.",
            "Empty: each mail is written into a file below data_dir/mail, for demos and trials.",
        ],
    },
    Setting {
        area: "mail",
        key: "mail_sender",
        default: Default::Text("Haamu <haamu@localhost>"),
        doc: &["Who mails come from."],
    },
    Setting {
        area: "mail",
        key: "mail_language",
        default: Default::Text("en"),
        doc: &["The language of mails to people whose language is not known: `fi`, `sv` or `en`."],
    },
    Setting {
        area: "uploads",
        key: "max_file_mib",
        default: Default::Number(20),
        doc: &["The longest photo or other file, in MiB."],
    },
    Setting {
        area: "uploads",
        key: "staging_days",
        default: Default::Number(7),
        doc: &["What has arrived of a file is forgotten when nothing more arrived for so many days."],
    },
    Setting {
        area: "uploads",
        key: "agency_staging_mib",
        default: Default::Number(20_480),
        doc: &["Room for an agency's files that are arriving, in MiB."],
    },
    Setting {
        area: "uploads",
        key: "submission_files_mib",
        default: Default::Number(500),
        doc: &["Room for the files of one submission, in MiB, those included that are arriving."],
    },
    Setting {
        area: "uploads",
        key: "agency_files_gib",
        default: Default::Number(1_024),
        doc: &["Room for an agency's files, in GiB, those included that are arriving."],
    },
    Setting {
        area: "devices",
        key: "min_builds",
        default: Default::Text(""),
        doc: &[
            "The least build of each app that may sync, such as `haamu-cli/0.2.0, haamu-field/1.4.0`.",
            "Older ones keep recording and are told to update. Apps that are not named may be of any build.",
        ],
    },
    Setting {
        area: "devices",
        key: "thumbnails_over",
        default: Default::Text("any"),
        doc: &["The networks for small previews of photos: `any` or `unmetered`."],
    },
    Setting {
        area: "devices",
        key: "originals_over",
        default: Default::Text("unmetered"),
        doc: &["The networks for photos themselves: `any` or `unmetered`. Answers go over any."],
    },
    Setting {
        area: "devices",
        key: "originals_any_hours",
        default: Default::Number(24),
        doc: &["From so many hours before a report is due, its photos go over any network; 0: never."],
    },
    Setting {
        area: "devices",
        key: "low_battery_percent",
        default: Default::Number(15),
        doc: &["With less of its battery than this, a device that is not charged sends answers only."],
    },
    Setting {
        area: "devices",
        key: "pause_seconds",
        default: Default::Number(0),
        doc: &[
            "How long devices that have nothing to send wait before they ask again. For a server",
            "that is under more load than it can bear.",
        ],
    },
    Setting {
        area: "worker",
        key: "workers",
        default: Default::Number(2),
        doc: &["How many background jobs this process does at a time; 0 leaves them to others."],
    },
    Setting {
        area: "worker",
        key: "job_lease_seconds",
        default: Default::Number(60),
        doc: &[
            "A job whose process was killed is taken over by another one after so many seconds. A process at work renews",
            "its claim three times as often. The clocks of the machines must agree to within a third of it.",
        ],
    },
    Setting {
        area: "log",
        key: "log",
        default: Default::Text("info"),
        doc: &["What to log, such as `info` or `haamu_app=debug,info`."],
    },
    Setting {
        area: "log",
        key: "log_format",
        default: Default::Text("text"),
        doc: &["`text` for people, `json` for machines."],
    },
];

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

    fn validate_numbers(&self) -> Result<(), ConfigError> {
        let ranges = [
            (
                "database_max_connections",
                self.database_max_connections,
                1..=1_000,
            ),
            ("access_token_minutes", self.access_token_minutes, 1..=24 * 60),
            ("refresh_token_days", self.refresh_token_days, 1..=366),
            ("public_per_minute", self.public_per_minute, 0..=1_000_000),
            (
                "credentials_per_minute",
                self.credentials_per_minute,
                0..=1_000_000,
            ),
            ("argon2_memory_kib", self.argon2_memory_kib, 8_192..=4_194_304),
            ("argon2_passes", self.argon2_passes, 1..=100),
            ("argon2_lanes", self.argon2_lanes, 1..=64),
            ("lock_out_attempts", self.lock_out_attempts, 4..=1_000),
            ("lock_out_minutes", self.lock_out_minutes, 1..=24 * 60),
            ("invitation_days", self.invitation_days, 1..=366),
            ("invitations_per_day", self.invitations_per_day, 1..=1_000_000),
            (
                "job_invitations_per_day",
                self.job_invitations_per_day,
                1..=1_000_000,
            ),
            ("max_file_mib", self.max_file_mib, 1..=200),
            ("staging_days", self.staging_days, 1..=366),
            ("agency_staging_mib", self.agency_staging_mib, 1..=1 << 24),
            ("submission_files_mib", self.submission_files_mib, 1..=1 << 20),
            ("agency_files_gib", self.agency_files_gib, 1..=1 << 20),
            ("originals_any_hours", self.originals_any_hours, 0..=24 * 366),
            ("low_battery_percent", self.low_battery_percent, 0..=100),
            ("pause_seconds", self.pause_seconds, 0..=24 * 3_600),
            ("workers", self.workers, 0..=64),
            ("job_lease_seconds", self.job_lease_seconds, 3..=3_600),
        ];
        for (key, value, range) in ranges {
            if !range.contains(&value) {
                let reason = format!("{value} is not between {} and {}", range.start(), range.end());
                return Err(ConfigError::Value {
                    key: key.to_owned(),
                    reason,
                });
            }
        }
        Ok(())
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.validate_numbers()?;
        let wrong = |key: &str, reason: String| {
            Err(ConfigError::Value {
                key: key.to_owned(),
                reason,
            })
        };
        if !matches!(self.log_format.as_str(), "text" | "json") {
            let reason = format!("{:?} is neither text nor json", self.log_format);
            return wrong("log_format", reason);
        }
        for (key, value) in [
            ("thumbnails_over", &self.thumbnails_over),
            ("originals_over", &self.originals_over),
        ] {
            if network(value).is_none() {
                return wrong(key, format!("{value:?} is neither any nor unmetered"));
            }
        }
        if !matches!(self.provider_addresses.as_str(), "public" | "any") {
            let reason = format!("{:?} is neither public nor any", self.provider_addresses);
            return wrong("provider_addresses", reason);
        }
        if Language::from_tag(&self.mail_language).is_none() {
            let reason = format!("{:?} is none of fi, sv and en", self.mail_language);
            return wrong("mail_language", reason);
        }
        self.http()?;
        if let Err(reason) = self.mail().check() {
            return wrong("mail_sender", reason);
        }
        if let Err(reason) = check_public_url(&self.public_url) {
            return wrong("public_url", reason);
        }
        match self.min_builds.parse::<MinimumBuilds>() {
            Ok(_) => Ok(()),
            Err(error) => wrong("min_builds", error.to_string()),
        }
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

fn check_public_url(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let url = Url::parse(text).map_err(|error| format!("{text:?} is no address: {error}"))?;
    let is_sound = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none();
    if is_sound {
        Ok(())
    } else {
        Err(format!("{text:?} is no address such as https://haamu.example"))
    }
}

fn network(name: &str) -> Option<Network> {
    match name {
        "any" => Some(Network::Any),
        "unmetered" => Some(Network::Unmetered),
        _ => None,
    }
}

fn defaults() -> Table {
    let value = |setting: &Setting| match setting.default {
        Default::Text(text) => Value::String(text.to_owned()),
        Default::Number(number) => Value::Integer(number),
    };
    SETTINGS
        .iter()
        .map(|setting| (setting.key.to_owned(), value(setting)))
        .collect()
}

fn overlay_file(values: &mut Table, path: &Path) -> Result<(), ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })?;
    let areas: Table = text.parse().map_err(|source| ConfigError::Syntax {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    let place = path.display().to_string();
    let unknown = |key: String| ConfigError::Unknown {
        place: place.clone(),
        key,
    };
    for (area, content) in areas {
        let Value::Table(content) = content else {
            return Err(unknown(area));
        };
        for (key, value) in content {
            if !SETTINGS
                .iter()
                .any(|setting| setting.area == area && setting.key == key)
            {
                return Err(unknown(format!("{area}.{key}")));
            }
            values.insert(key, value);
        }
    }
    Ok(())
}

/// Sets a value from a text, which is a number where the setting is one.
fn set_text(values: &mut Table, key: &str, text: &str) -> Result<(), ConfigError> {
    let value = match values.get(key) {
        Some(Value::Integer(_)) => {
            let number = text.trim().parse().map_err(|_| ConfigError::Value {
                key: key.to_owned(),
                reason: format!("{text:?} is not a whole number"),
            })?;
            Value::Integer(number)
        }
        Some(_) => Value::String(text.to_owned()),
        None => {
            return Err(ConfigError::Unknown {
                place: "command line".to_owned(),
                key: key.to_owned(),
            });
        }
    };
    values.insert(key.to_owned(), value);
    Ok(())
}

/// The example file: every setting with its default, commented out.
#[must_use]
pub fn example_file() -> String {
    let mut text = String::from(
        "# Configuration of `haamu serve`. Every setting has the value shown when it is left out.\n\
         # A variable HAAMU_<SETTING IN CAPITALS> wins over this file, and the command line over both.\n\
         # Generated by `cargo xtask config`; do not edit by hand.\n",
    );
    let mut area = "";
    for setting in SETTINGS {
        if setting.area != area {
            area = setting.area;
            text.push_str(&format!("\n[{area}]\n"));
        }
        for line in setting.doc {
            text.push_str(&format!("# {line}\n"));
        }
        match setting.default {
            Default::Text(value) => text.push_str(&format!("# {} = \"{value}\"\n", setting.key)),
            Default::Number(value) => text.push_str(&format!("# {} = {value}\n", setting.key)),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)], overrides: &[(&str, String)]) -> Result<Config, ConfigError> {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(None, variables, overrides)
    }

    #[test]
    fn later_layers_win() {
        let plain = load(&[], &[]).expect("the defaults are sound");
        assert_eq!(plain.listen().to_string(), "127.0.0.1:8080");
        assert_eq!(
            plain.files(),
            FileSettings::Folder(PathBuf::from("haamu-data/objects"))
        );
        let set = load(
            &[
                ("HAAMU_LISTEN", "127.0.0.1:1"),
                ("HAAMU_WORKERS", "7"),
                ("HAAMU_ELSE", "x"),
                ("PATH", "x"),
            ],
            &[("listen", "127.0.0.1:2".to_owned())],
        )
        .expect("sound");
        assert_eq!((set.listen().port(), set.workers()), (2, 7));
        let grown = load(
            &[
                ("HAAMU_DATABASE_URL", "postgres://h/d"),
                ("HAAMU_OBJECT_STORE", "s3://b/p"),
                ("HAAMU_SMTP_URL", "smtps://h"),
            ],
            &[],
        );
        let grown = grown.expect("sound");
        assert!(!grown.uses_data_dir());
        assert_eq!(grown.files(), FileSettings::S3("s3://b/p".to_owned()));
    }

    #[test]
    fn wrong_settings_are_named() {
        for (name, value, message) in [
            ("HAAMU_WORKERS", "many", "workers: \"many\" is not a whole number"),
            ("HAAMU_WORKERS", "65", "workers: 65 is not between 0 and 64"),
            (
                "HAAMU_JOB_LEASE_SECONDS",
                "2",
                "job_lease_seconds: 2 is not between 3 and 3600",
            ),
            (
                "HAAMU_LOG_FORMAT",
                "xml",
                "log_format: \"xml\" is neither text nor json",
            ),
        ] {
            assert_eq!(load(&[(name, value)], &[]).expect_err(name).to_string(), message);
        }
        assert!(load(&[("HAAMU_LISTEN", "nowhere")], &[]).is_err());
        for (name, value) in [
            ("HAAMU_PUBLIC_URL", "haamu.example"),
            ("HAAMU_TRUSTED_PROXIES", "10.0.0.0/8, proxy"),
            ("HAAMU_PROXY_HEADER", "via"),
            ("HAAMU_MAIL_SENDER", "nobody"),
            ("HAAMU_SMTP_URL", "imap://host"),
            ("HAAMU_MAIL_LANGUAGE", "de"),
            ("HAAMU_PROVIDER_ADDRESSES", "private"),
        ] {
            let error = load(&[(name, value)], &[]).expect_err(name).to_string();
            let key = name.trim_start_matches("HAAMU_").to_lowercase();
            assert!(error.starts_with(&key) || key == "smtp_url", "{name}: {error}");
        }
    }

    #[test]
    fn the_public_address_has_no_slash_at_its_end() {
        let url = |set: &[(&str, &str)]| load(set, &[]).expect("sound").app().public_url;
        assert_eq!(url(&[]), "http://localhost:8080");
        assert_eq!(url(&[("HAAMU_LISTEN", "0.0.0.0:81")]), "http://localhost:81");
        let named = url(&[("HAAMU_PUBLIC_URL", "https://haamu.example/")]);
        assert_eq!(named, "https://haamu.example");
    }

    #[test]
    fn a_password_is_never_shown() {
        let config = load(&[("HAAMU_DATABASE_URL", "postgres://u:hunter2@h/d")], &[]).expect("sound");
        assert!(!format!("{config:?}").contains("hunter2"));
        let wrong = load(&[("HAAMU_SMTP_URL", "imap://u:hunter2@h")], &[]);
        assert!(!wrong.expect_err("no mail server").to_string().contains("hunter2"));
    }

    #[test]
    fn the_example_file_is_sound_when_uncommented() {
        let uncommented: String = example_file()
            .lines()
            .map(|line| {
                line.strip_prefix("# ")
                    .filter(|rest| rest.contains(" = "))
                    .unwrap_or(line)
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let areas: Table = uncommented.parse().expect("TOML");
        let settings: usize = areas.values().filter_map(Value::as_table).map(Table::len).sum();
        assert_eq!(settings, SETTINGS.len());
    }
}

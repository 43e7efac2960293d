//! Whether settings make sense.

use haamu_form::Language;
use haamu_wire::sync::build::MinimumBuilds;
use url::Url;

use super::{Config, ConfigError, network};

impl Config {
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

    pub(super) fn validate(&self) -> Result<(), ConfigError> {
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

//! Builds of apps, and the least that a server accepts.
//!
//! A build is the name of an app and its semantic version: `haamu-cli/0.1.0`.
//! Versions are compared by the precedence of semantic versioning 2.0 and only
//! within one app: `0.2.0-beta.1` comes before `0.2.0`, and what follows a `+`
//! does not count.

use std::collections::BTreeMap;
use std::str::FromStr;

use semver::Version;

/// The least build of each app that a server accepts.
///
/// Written as builds with blanks or commas between them:
/// `haamu-cli/0.2.0, haamu-field/1.4.0`. An app that is not named may be of any build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MinimumBuilds(BTreeMap<String, Version>);

/// A text that does not name minimum builds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an app's name, a slash and a semantic version, once for each app")]
pub struct ParseBuildsError(String);

impl MinimumBuilds {
    /// The least build that would be accepted in place of `build`; nothing if it is accepted.
    ///
    /// What has the name of an app but no version that can be read is too old.
    #[must_use]
    pub fn refuses(&self, build: &str) -> Option<String> {
        let (app, version) = split(build);
        let least = self.0.get(app)?;
        let is_enough = version.is_some_and(|version| version.cmp_precedence(least).is_ge());
        (!is_enough).then(|| format!("{app}/{least}"))
    }

    /// The least build of the app that `build` is one of; nothing if any will do.
    #[must_use]
    pub fn for_app_of(&self, build: &str) -> Option<String> {
        let (app, _) = split(build);
        self.0.get(app).map(|least| format!("{app}/{least}"))
    }
}

impl FromStr for MinimumBuilds {
    type Err = ParseBuildsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut least = BTreeMap::new();
        let builds = text.split(|c: char| c == ',' || c.is_whitespace());
        for build in builds.filter(|build| !build.is_empty()) {
            let wrong = || ParseBuildsError(build.to_owned());
            let (app, version) = split(build);
            let version = version.filter(|_| !app.is_empty()).ok_or_else(wrong)?;
            if least.insert(app.to_owned(), version).is_some() {
                return Err(wrong());
            }
        }
        Ok(Self(least))
    }
}

fn split(build: &str) -> (&str, Option<Version>) {
    let (app, version) = build.split_once('/').unwrap_or((build, ""));
    (app, Version::parse(version).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_compared_within_one_app() {
        let least: MinimumBuilds = "haamu-cli/0.10.0, haamu-field/1.4.0-rc.1".parse().expect("sound");
        for accepted in [
            "haamu-cli/0.10.0",
            "haamu-cli/0.10.0+build.7",
            "haamu-cli/1.0.0",
            "haamu-field/1.4.0-rc.2",
            "haamu-field/1.4.0",
            "other/0.0.1",
            "other",
            "",
        ] {
            assert_eq!(least.refuses(accepted), None, "{accepted}");
        }
        for (refused, instead) in [
            ("haamu-cli/0.9.9", "haamu-cli/0.10.0"),
            ("haamu-cli/0.10.0-rc.1", "haamu-cli/0.10.0"),
            ("haamu-field/1.4.0-beta", "haamu-field/1.4.0-rc.1"),
            ("haamu-cli", "haamu-cli/0.10.0"),
            ("haamu-cli/new", "haamu-cli/0.10.0"),
        ] {
            assert_eq!(least.refuses(refused).as_deref(), Some(instead), "{refused}");
        }
        assert_eq!(
            least.for_app_of("haamu-cli/2.0.0").as_deref(),
            Some("haamu-cli/0.10.0")
        );
        assert_eq!(least.for_app_of("other/2.0.0"), None);
    }

    #[test]
    fn nothing_is_asked_by_an_empty_text() {
        assert_eq!("".parse(), Ok(MinimumBuilds::default()));
        for wrong in ["haamu-cli", "haamu-cli/1", "/1.0.0", "a/1.0.0 a/1.0.0"] {
            assert!(wrong.parse::<MinimumBuilds>().is_err(), "{wrong}");
        }
    }
}

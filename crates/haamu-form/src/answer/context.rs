//! What is known of a visit beside its answers.

use std::collections::BTreeMap;

/// What conditions may ask of the visit: `round`, `channel`, `weekday`
/// (`mon` to `sun`), and attributes of the location as `location.<name>`.
///
/// Whoever knows the visit fills it in; the form model takes it as it is. What is
/// not filled in it finds where it can: the channel in the checklist, the weekday
/// of the first date and time among the answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context(BTreeMap<String, String>);

impl Context {
    /// What may be asked: fixed names, and `location.` with the name of an attribute.
    pub const KEYS: [&'static str; 3] = ["round", "channel", "weekday"];
    /// The weekdays, Monday first.
    pub const WEEKDAYS: [&'static str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// Whether a condition may ask for this.
    #[must_use]
    pub fn is_key(key: &str) -> bool {
        let is_attribute = |name: &str| crate::Id::new(name).is_some();
        Self::KEYS.contains(&key) || key.strip_prefix("location.").is_some_and(is_attribute)
    }

    /// Notes what is known under a key. Says whether the key is one that conditions may ask for.
    pub fn set(&mut self, key: &str, value: impl Into<String>) -> bool {
        let is_key = Self::is_key(key);
        if is_key {
            self.0.insert(key.to_owned(), value.into());
        }
        is_key
    }

    /// What is known under a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// All that is known, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

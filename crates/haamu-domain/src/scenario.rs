//! What a shopper does and says, and whether that may be asked of anybody.

use serde::{Deserialize, Serialize};

/// What a shopper does and says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// The kind of customer that the shopper represents.
    pub persona: String,
    /// What that customer needs.
    pub need: String,
    /// What they are unsure about.
    pub uncertainty: String,
    /// What they cannot or will not do.
    pub restriction: String,
    /// What the shopper does and says, step by step.
    pub script: String,
    /// How hard it is for staff, 1 to 5.
    pub difficulty: u8,
    /// What the shopper buys at most, in cents; 0: nothing.
    pub purchase_cents: u32,
}

/// What must be true of a scenario before anybody is sent with it. The names are those of the
/// profession's guidelines: realistic, reliable, ethical, practical, safe, objective, and nothing illegal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "it is a list of ticks, each of which somebody sets on its own"
)]
pub struct Ethics {
    /// Real customers do this.
    pub realistic: bool,
    /// Every shopper can do it in the same way.
    pub reliable: bool,
    /// Nobody is harmed, shamed or lied to beyond the role.
    pub ethical: bool,
    /// It can be done in the time and with the means.
    pub practical: bool,
    /// It puts nobody at risk.
    pub safe: bool,
    /// It asks for what can be observed.
    pub objective: bool,
    /// It breaks no law and provokes nobody to break one.
    pub lawful: bool,
}

impl Ethics {
    /// Whether every tick is set.
    #[must_use]
    pub const fn is_complete(self) -> bool {
        self.realistic
            && self.reliable
            && self.ethical
            && self.practical
            && self.safe
            && self.objective
            && self.lawful
    }
}

impl Scenario {
    /// The path of the first field that is wrong, and why.
    #[must_use]
    pub fn problem(&self) -> Option<(&'static str, &'static str)> {
        let texts = [
            ("persona", &self.persona),
            ("need", &self.need),
            ("uncertainty", &self.uncertainty),
            ("restriction", &self.restriction),
            ("script", &self.script),
        ];
        if let Some((path, _)) = texts.iter().find(|(_, text)| text.chars().count() > 10_000) {
            return Some((path, "at most 10000 characters are allowed"));
        }
        if self.script.trim().is_empty() {
            return Some(("script", "a scenario says what the shopper does"));
        }
        if !(1..=5).contains(&self.difficulty) {
            return Some(("difficulty", "1 to 5"));
        }
        (self.purchase_cents > 1_000_000).then_some(("purchase_cents", "at most 1000000 cents"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ticks_are_needed_and_none_is_forgotten() {
        let all = r#"{"realistic":true,"reliable":true,"ethical":true,"practical":true,"safe":true,"objective":true,"lawful":true}"#;
        let ethics: Ethics = serde_json::from_str(all).expect("readable");
        assert!(ethics.is_complete());
        for name in [
            "realistic",
            "reliable",
            "ethical",
            "practical",
            "safe",
            "objective",
            "lawful",
        ] {
            let one_less = all.replace(&format!("\"{name}\":true"), &format!("\"{name}\":false"));
            let ethics: Ethics = serde_json::from_str(&one_less).expect("readable");
            assert!(!ethics.is_complete(), "{name}");
        }
    }

    #[test]
    fn a_scenario_says_what_is_done() {
        let scenario = Scenario {
            script: "Ask for skis.".to_owned(),
            difficulty: 2,
            ..Scenario::default()
        };
        assert_eq!(scenario.problem(), None);
        assert_eq!(
            Scenario::default().problem().map(|(path, _)| path),
            Some("script")
        );
        assert_eq!(
            Scenario {
                difficulty: 9,
                ..scenario
            }
            .problem()
            .map(|(path, _)| path),
            Some("difficulty")
        );
    }
}

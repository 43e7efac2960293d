//! Which passwords are good enough: long ones that nobody would try first.
//!
//! Length is what counts (NIST SP 800-63B, 5.1.1.2): there are no rules about
//! kinds of characters. What is refused is what attackers try first: common
//! passwords and what is built on them, walks over the keyboard, one short
//! piece over and over, and the person's own name or address.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The shortest password, in characters.
pub const SHORTEST: usize = 12;
/// The longest password, in bytes: what is hashed is bounded.
pub const LONGEST: usize = 256;
/// A password without the person's own names has at least so many characters.
const SHORTEST_REST: usize = 8;
/// Shorter numbers are dates and telephone numbers.
const SHORTEST_NUMBER: usize = 20;

/// Our own collection of common passwords and of the words, names and patterns that they are made of: one a
/// line, in lower case, sorted.
static COMMON: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Characters that stand side by side on keyboards, in the alphabet and among the digits.
const WALKS: [&str; 8] = [
    "abcdefghijklmnopqrstuvwxyzåäö",
    "12345678901234567890",
    "qwertyuiopåüasdfghjklöä",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "zxcvbnm,.-",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
];

/// What is wrong with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// It has less than [`SHORTEST`] characters.
    TooShort,
    /// It has more than [`LONGEST`] bytes.
    TooLong,
    /// It is among the first that attackers try.
    Common,
    /// It is little more than the person's own name or e-mail address.
    Personal,
}

impl Weakness {
    /// A stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Common => "common_password",
            Self::Personal => "personal_password",
        }
    }

    /// One sentence for a person.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::TooShort => format!("a password has at least {SHORTEST} characters"),
            Self::TooLong => format!("a password has at most {LONGEST} bytes"),
            Self::Common => "this password is among the first that attackers try".to_owned(),
            Self::Personal => "this password is little more than your name or address".to_owned(),
        }
    }
}

/// What is wrong with a password, if anything. `personal` is what others know of the person: their names and
/// their e-mail address.
#[must_use]
pub fn weakness(password: &str, personal: &[&str]) -> Option<Weakness> {
    if password.chars().count() < SHORTEST {
        return Some(Weakness::TooShort);
    }
    if password.len() > LONGEST {
        return Some(Weakness::TooLong);
    }
    let lower = password.to_lowercase();
    if is_common(&lower) || is_walk(&lower) || is_repetition(&lower) || is_short_number(&lower) {
        return Some(Weakness::Common);
    }
    is_personal(&lower, personal).then_some(Weakness::Personal)
}

/// Whether it is on the list, or built of one or two pieces of it.
fn is_common(lower: &str) -> bool {
    let plain: String = lower
        .chars()
        .filter(|c| !c.is_whitespace() && !"-_.".contains(*c))
        .collect();
    [lower.to_owned(), plain.clone(), unleeted(lower), unleeted(&plain)]
        .iter()
        .flat_map(|text| {
            let bare = text.trim_matches(|c: char| !c.is_alphabetic());
            [text.as_str(), bare]
        })
        .any(|text| COMMON.contains(text) || is_two_of_the_list(text))
}

/// Whether it is two entries of the list one after the other.
fn is_two_of_the_list(text: &str) -> bool {
    text.char_indices().skip(1).any(|(place, _)| {
        let (first, second) = text.split_at(place);
        COMMON.contains(first) && COMMON.contains(second)
    })
}

/// Figures and signs that stand for letters, as the letters.
fn unleeted(text: &str) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        other => other,
    };
    text.chars().map(letter).collect()
}

/// Whether nearly every character stands beside the one before it, or is the same.
fn is_walk(lower: &str) -> bool {
    let characters: Vec<char> = lower.chars().collect();
    let pairs = characters.windows(2);
    let count = pairs.len();
    let steps = pairs
        .filter(|pair| pair[0] == pair[1] || are_neighbours(pair[0], pair[1]))
        .count();
    count > 0 && steps * 5 >= count * 4
}

fn are_neighbours(one: char, other: char) -> bool {
    WALKS.iter().any(|walk| {
        let next = walk.chars().zip(walk.chars().skip(1));
        next.into_iter()
            .any(|pair| pair == (one, other) || pair == (other, one))
    })
}

/// Whether it is one piece of less than [`SHORTEST_REST`] characters over and over.
fn is_repetition(lower: &str) -> bool {
    let characters: Vec<char> = lower.chars().collect();
    (1..SHORTEST_REST).any(|length| {
        characters.len() >= 2 * length
            && characters
                .iter()
                .skip(length)
                .eq(&characters[..characters.len() - length])
    })
}

fn is_short_number(lower: &str) -> bool {
    lower.chars().count() < SHORTEST_NUMBER && lower.chars().all(|c| c.is_numeric() || "-+./ ".contains(c))
}

/// Whether little is left without the person's names and the part of the address before the `@`.
fn is_personal(lower: &str, personal: &[&str]) -> bool {
    let mut names: Vec<String> = personal
        .iter()
        .map(|text| text.split('@').next().unwrap_or_default().to_lowercase())
        .flat_map(|text| {
            let parts: Vec<String> = text
                .split(|c: char| !c.is_alphanumeric())
                .map(str::to_owned)
                .collect();
            parts.into_iter().chain([text])
        })
        .filter(|name| name.chars().count() >= 4)
        .collect();
    // The longest first, so that no piece of a name is left over.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let mut rest = lower.to_owned();
    for name in &names {
        rest = rest.replace(name.as_str(), "");
    }
    rest.len() < lower.len() && rest.chars().count() < SHORTEST_REST
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_list_is_sorted_and_in_lower_case() {
        let lines: Vec<&str> = include_str!("common_passwords.txt").lines().collect();
        assert!(lines.len() > 4_000);
        assert!(lines.is_sorted_by(|one, other| one < other));
        for line in lines {
            assert_eq!(line, line.to_lowercase());
            assert_eq!(line, line.trim());
        }
    }

    #[test]
    fn long_and_unusual_passwords_are_good() {
        for good in [
            "kolme satunnaista sanaa",
            "haamu-demo-only",
            "läkkipelti hirmu vuokra 7",
            "rQ8-vs1!xPo2",
            "Ett långt lösenord som ingen gissar",
            "plankton harmonika sohva",
        ] {
            assert_eq!(
                weakness(good, &["Maija Virtanen", "maija.virtanen@north.example"]),
                None,
                "{good}"
            );
        }
    }

    #[test]
    fn what_attackers_try_first_is_refused() {
        for (bad, why) in [
            ("short", Weakness::TooShort),
            ("elevenchars", Weakness::TooShort),
            ("password1234", Weakness::Common),
            ("P@ssw0rd!2026", Weakness::Common),
            ("Salasana12345", Weakness::Common),
            ("lösenord-2026!", Weakness::Common),
            ("correcthorsebatterystaple", Weakness::Common),
            ("correct horse battery staple", Weakness::Common),
            ("summersunshine", Weakness::Common),
            ("Kissa-Koira-99!", Weakness::Common),
            ("qwertyuiop[]12", Weakness::Common),
            ("abcdefghijklmn", Weakness::Common),
            ("1q2w3e4r5t6y7u", Weakness::Common),
            ("aaaaaaaaaaaaaaaa", Weakness::Common),
            ("xyzxyzxyzxyz", Weakness::Common),
            ("19800101-1234", Weakness::Common),
            ("MaijaVirtanen1!", Weakness::Personal),
            ("virtanen-maija-77", Weakness::Personal),
        ] {
            let found = weakness(bad, &["Maija Virtanen", "maija.virtanen@north.example"]);
            assert_eq!(found, Some(why), "{bad}");
        }
        assert_eq!(weakness(&"å".repeat(200), &[]), Some(Weakness::TooLong));
    }

    proptest! {
        /// Whatever is on the list stays refused with figures and signs around it, in any case of its letters.
        #[test]
        fn decoration_makes_no_common_password_good(index in 0..5_000_usize, tail in "[0-9!?.#]{12}", shout: bool) {
            let lines: Vec<&str> = include_str!("common_passwords.txt").lines().collect();
            let line = lines[index % lines.len()];
            prop_assume!(line.chars().all(char::is_alphabetic));
            let word = if shout { line.to_uppercase() } else { line.to_owned() };
            prop_assert_eq!(weakness(&format!("{word}{tail}"), &[]), Some(Weakness::Common));
        }

        /// No text makes the check panic, and the answer does not depend on the case of letters.
        #[test]
        fn any_text_is_judged(text in "\\PC{0,40}", name in "\\PC{0,20}") {
            let _ = weakness(&text, &[&name]);
        }
    }
}

//! Words that a client must not read: who the shopper is, and exactly when they came.

use crate::{Timestamp, Zone};

/// What stands in the place of masked words.
pub const MASK: &str = "[…]";
/// Shorter parts of a name are too common to be masked alone.
const SHORTEST_NAME_PART: usize = 3;

/// Masks a shopper's name and any e-mail address, and the times and dates of a visit, in free text.
///
/// Names are masked together with the endings that Finnish and Swedish put on
/// them; that a few innocent words are masked too is the lesser evil.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    /// Beginnings of words, in lower case.
    name_parts: Vec<String>,
    /// Times and dates as people write them.
    times: Vec<String>,
}

impl Redactor {
    /// A redactor for a shopper and the moments of their visit.
    #[must_use]
    pub fn new(name: &str, email: &str, moments: &[Timestamp], zone: &Zone) -> Self {
        let mut name_parts: Vec<String> = name
            .split(|c: char| !c.is_alphanumeric())
            .chain(email.split(['@', '.', '_', '-', '+']).next())
            .flat_map(|part| stems(&part.to_lowercase()))
            .filter(|stem| stem.chars().count() >= SHORTEST_NAME_PART)
            .collect();
        name_parts.sort_unstable();
        name_parts.dedup();
        let mut times: Vec<String> = moments
            .iter()
            .flat_map(|moment| zone.spellings(*moment))
            .collect();
        times.sort_unstable();
        times.dedup();
        Self { name_parts, times }
    }

    /// The text with masks.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if next.is_alphanumeric() {
                let end = end_of_word(rest);
                let (word, after) = rest.split_at(end);
                masked.push_str(if self.is_secret(word) { MASK } else { word });
                rest = after;
            } else {
                masked.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        masked
    }

    fn is_secret(&self, word: &str) -> bool {
        if word.contains('@') {
            return true;
        }
        if self
            .times
            .iter()
            .any(|time| word.strip_prefix(time.as_str()).is_some_and(is_no_longer_time))
        {
            return true;
        }
        let parts = word.split(|c: char| !c.is_alphanumeric());
        parts
            .map(str::to_lowercase)
            .any(|part| self.name_parts.iter().any(|name| part.starts_with(name)))
    }
}

/// The beginnings that a Finnish name takes when it is inflected, the name itself among them:
/// `Virtanen` – `Virtasen`, `Saari` – `Saaren`, `Lehto` – `Lehdon`, `Pekka` – `Pekan`, `Rasmus` – `Rasmuksen`.
fn stems(name: &str) -> Vec<String> {
    let mut stems = vec![name.to_owned()];
    if let Some(stem) = name.strip_suffix("nen") {
        stems.push(format!("{stem}s"));
    }
    if let Some(stem) = name.strip_suffix('s') {
        stems.push(format!("{stem}ks"));
        // Tuomas – Tuomaan.
        stems.extend(stem.chars().last().map(|vowel| format!("{stem}{vowel}")));
    }
    let Some(vowel) = name.chars().last().filter(|c| "aeiouyåäö".contains(*c)) else {
        return stems;
    };
    let body = name.strip_suffix(vowel).unwrap_or(name);
    // Saari – Saaren, Saarta.
    let vowels: &[char] = if vowel == 'i' { &['i', 'e', 't'] } else { &[vowel] };
    let weak = weak_grade(body);
    for body in [Some(body.to_owned()), weak].into_iter().flatten() {
        stems.extend(vowels.iter().map(|vowel| format!("{body}{vowel}")));
    }
    stems
}

/// The weak grade of the consonants before a name's last vowel, where they have one.
fn weak_grade(body: &str) -> Option<String> {
    const GRADES: [(&str, &str); 16] = [
        ("kk", "k"),
        ("pp", "p"),
        ("tt", "t"),
        ("nk", "ng"),
        ("mp", "mm"),
        ("nt", "nn"),
        ("lt", "ll"),
        ("rt", "rr"),
        ("ht", "hd"),
        ("sk", "sk"),
        ("st", "st"),
        ("lk", "l"),
        ("rk", "r"),
        ("k", ""),
        ("p", "v"),
        ("t", "d"),
    ];
    let (strong, weak) = GRADES.iter().find(|(strong, _)| body.ends_with(strong))?;
    Some(format!("{}{weak}", body.strip_suffix(strong)?))
}

/// Whether what follows a time of day is not more of it, but nothing, seconds or an ending.
fn is_no_longer_time(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_ascii_digit())
}

/// The end of a word: letters and digits, and marks that join them, as in `15.05` or `a.b@c.fi`.
fn end_of_word(text: &str) -> usize {
    let mut end = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let joins = matches!(c, '.' | ':' | '@' | '-' | '_' | '+' | '\'' | '’')
            && characters.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if !c.is_alphanumeric() && !joins {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}

#[cfg(test)]
mod tests {
    use haamu_form::LocalDateTime;
    use proptest::prelude::*;

    use super::*;

    fn redactor() -> Redactor {
        let zone = Zone::named("Europe/Helsinki").expect("a zone");
        let moment = zone.moment_of(LocalDateTime::parse("2026-11-19T09:05").expect("a time"));
        Redactor::new("Maija Ilo-Virtanen", "maija.v@example.fi", &[moment], &zone)
    }

    #[test]
    fn names_addresses_and_times_are_masked() {
        let redactor = redactor();
        for (text, masked) in [
            ("Esittelin itseni: Maija Virtanen.", "Esittelin itseni: […] […]."),
            ("MAIJAN vuoro, Virtasen kuitti", "[…] vuoro, […] kuitti"),
            (
                "Saavuin klo 9.05 ja lähdin 10.30.",
                "Saavuin klo […] ja lähdin 10.30.",
            ),
            ("at 09:05:30, 09:051 and 19:05", "at […], 09:051 and 19:05"),
            ("2026-11-19T09:05", "[…]"),
            ("torstaina 19.11. eli 19.11.2026", "torstaina […]. eli […]"),
            ("mail x.y@firma.fi!", "mail […]!"),
            ("", ""),
            ("🙂 hyvä palvelu", "🙂 hyvä palvelu"),
        ] {
            assert_eq!(redactor.mask(text), masked, "{text}");
        }
    }

    #[test]
    fn names_are_masked_in_all_their_cases() {
        let zone = Zone::named("Europe/Helsinki").expect("a zone");
        for (name, forms) in [
            (
                "Aino Virtasaari",
                "Ainon Ainolle Virtasaari Virtasaaren Virtasaarelle Virtasaarta",
            ),
            ("Pekka Lehto", "Pekan Pekalle Pekkaa Lehdon Lehdolla Lehtoa"),
            ("Heikki Mäki", "Heikin Heikkiä Mäen Mäellä Mäkeä"),
            ("Rasmus Aalto", "Rasmuksen Rasmukselle Aallon Aaltoa Aallolta"),
            ("Tuomas Kallionpää", "Tuomaan Tuomakselle Tuomasta Kallionpään"),
            ("Antti Ranta", "Antin Anttia Rannan Rantaa"),
            ("Saga Lindroos", "Sagas Sagan Lindroosin Lindroos'"),
        ] {
            let redactor = Redactor::new(name, "x@example.fi", &[], &zone);
            for form in forms.split(' ') {
                let masked = redactor.mask(form);
                assert!(masked.starts_with(MASK), "{form} of {name} became {masked}");
            }
            assert_eq!(
                redactor.mask("Palvelu oli ystävällistä."),
                "Palvelu oli ystävällistä.",
                "{name}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_name_survives(before in "[a-zåäö .,!]{0,12}", after in "[a-zåäö .,!]{0,12}") {
            let masked = redactor().mask(&format!("{before} Maija{after} {after}Virtanen"));
            prop_assert!(!masked.to_lowercase().contains("maija"));
        }
    }
}

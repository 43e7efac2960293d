//! Words that a client must not read: who the shopper is, and exactly when they came.

use crate::{Timestamp, Zone};

/// What stands in the place of masked words.
pub const MASK: &str = "[…]";
/// Shorter parts of a name are too common to be masked alone.
const SHORTEST_NAME_PART: usize = 3;

/// Masks a shopper's name and any e-mail address, and the times and dates of a visit, in free text.
///
/// Names are masked together with the endings that Finnish and Swedish put on
/// them; that a few innocent words are masked too is the lesser evil. Of other
/// people's names it knows nothing: those are the reviewer's to find.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    /// Beginnings of words, in lower case.
    stems: Vec<String>,
    /// Names too short to be masked but as whole words, as they are written.
    short_names: Vec<String>,
    /// The minutes of the day near which a time tells when the visit took place.
    minutes: Vec<u32>,
    /// Days and months of the visit.
    days: Vec<(u32, u32)>,
    /// Dates as they stand in documents, such as 2026-11-19.
    dates: Vec<String>,
}

impl Redactor {
    /// A redactor for a shopper and the moments of their visit.
    #[must_use]
    pub fn new(name: &str, email: &str, moments: &[Timestamp], zone: &Zone) -> Self {
        let mut redactor = Self::default();
        let of_name = name.split(|c: char| !c.is_alphanumeric());
        for part in of_name.chain(email.split(['@', '.', '_', '-', '+']).next()) {
            if part.chars().count() >= SHORTEST_NAME_PART {
                redactor.stems.extend(stems(&part.to_lowercase()));
            } else if part.chars().next().is_some_and(char::is_uppercase) {
                redactor.short_names.push(part.to_owned());
            }
        }
        redactor
            .stems
            .retain(|stem| stem.chars().count() >= SHORTEST_NAME_PART);
        for moment in moments {
            let wall = zone.wall_clock(*moment);
            redactor.minutes.push(wall.hour * 60 + wall.minute);
            redactor.days.push((wall.day, wall.month));
            redactor.dates.push(zone.date_of(*moment).to_string());
        }
        redactor
    }

    /// The text with masks.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let words: Vec<&str> = split_words(text);
        let mut masked = String::with_capacity(text.len());
        let mut index = 0;
        while index < words.len() {
            let count = self.secret_words(&words[index..]);
            if count == 0 {
                masked.push_str(words[index]);
                index += 1;
            } else {
                masked.push_str(MASK);
                index += count;
            }
        }
        masked
    }

    /// How many of the next pieces are to be masked together; 0 if the first one may stand.
    fn secret_words(&self, words: &[&str]) -> usize {
        let word = words[0];
        if !word.chars().next().is_some_and(char::is_alphanumeric) {
            return 0;
        }
        // Pieces alternate between words and what stands between them.
        let next = words.get(2).copied().unwrap_or_default();
        let gap = words.get(1).copied().unwrap_or_default();
        let (word_lower, next_lower) = (word.to_lowercase(), next.to_lowercase());
        let is_with_next = |is_secret: bool| if is_secret { 3 } else { 0 };
        if word.contains('@') || self.is_name(word) || self.dates.iter().any(|date| word.starts_with(date)) {
            return 1;
        }
        let hour = leading_number(&next_lower);
        if CLOCK_WORDS.contains(&word_lower.as_str())
            && let Some(hour) = hour
            && (next.len() <= 2 && self.is_near(hour * 60, 60))
        {
            return 3;
        }
        if let Some((hour, minute)) = time_of_day(&word_lower) {
            let suffix = half_of_day(&word_lower).or_else(|| half_of_day(&next_lower));
            let hour = suffix.map_or(hour, |is_afternoon| hour % 12 + if is_afternoon { 12 } else { 0 });
            if self.is_near(hour * 60 + minute, NEAR_MINUTES) {
                let is_next = half_of_day(&word_lower).is_none() && half_of_day(&next_lower).is_some();
                return if is_next { 3 } else { 1 };
            }
        }
        if let (Some(hour), Some(is_afternoon)) = (leading_number(&word_lower), half_of_day(&next_lower))
            && gap == " "
        {
            let hour = hour % 12 + if is_afternoon { 12 } else { 0 };
            return is_with_next(self.is_near(hour * 60, 60));
        }
        if self.is_numeric_day(&word_lower) {
            return 1;
        }
        let day_first = leading_number(&word_lower).zip(month_of(&next_lower));
        let month_first = leading_number(&next_lower).zip(month_of(&word_lower));
        is_with_next(
            day_first
                .or(month_first)
                .is_some_and(|day| self.days.contains(&day)),
        )
    }

    fn is_name(&self, word: &str) -> bool {
        let is_short_name = |part: &str| {
            let name = self
                .short_names
                .iter()
                .find(|name| part.starts_with(name.as_str()));
            name.is_some_and(|name| part.len() <= name.len() + 4)
        };
        word.split(|c: char| !c.is_alphanumeric()).any(|part| {
            let lower = part.to_lowercase();
            self.stems.iter().any(|stem| is_form_of(part, &lower, stem)) || is_short_name(part)
        })
    }

    fn is_near(&self, minute: u32, distance: u32) -> bool {
        self.minutes
            .iter()
            .any(|known| known.abs_diff(minute) <= distance)
    }

    /// `19.11`, `19.11.2026` or `19/11` of the visit.
    fn is_numeric_day(&self, word: &str) -> bool {
        let mut numbers = word.split(['.', '/']).map(|part| part.parse::<u32>().ok());
        let (Some(Some(first)), Some(Some(second))) = (numbers.next(), numbers.next()) else {
            return false;
        };
        // In English the month may come first.
        self.days.contains(&(first, second)) || (word.contains('/') && self.days.contains(&(second, first)))
    }
}

/// A time this near to the visit tells when it took place.
const NEAR_MINUTES: u32 = 120;
/// What stands before an hour: *klo 14*, *kl. 14*, *at 2*.
const CLOCK_WORDS: [&str; 3] = ["klo", "kl", "kello"];

/// Whether a word is a name or one of its forms. Written small, only the name itself is: of *ainoa* it cannot
/// be told that it is no form of *Aino* but by its small letter.
fn is_form_of(part: &str, lower: &str, stem: &str) -> bool {
    let is_capitalised = part.chars().next().is_some_and(char::is_uppercase);
    let Some(ending) = lower.strip_prefix(stem) else {
        return false;
    };
    ending.is_empty() || is_capitalised || CASE_ENDINGS.contains(&ending)
}

/// The endings of Finnish cases, and the Swedish and English genitive, that no other word takes after a name.
const CASE_ENDINGS: [&str; 22] = [
    "n", "lle", "lla", "llä", "lta", "ltä", "ssa", "ssä", "sta", "stä", "na", "nä", "ksi", "tta", "ttä",
    "an", "en", "in", "on", "kin", "s", "ni",
];

/// Hour and minute of `9:05`, `09.05.30` or `2.35pm`.
fn time_of_day(word: &str) -> Option<(u32, u32)> {
    let mut parts = word.split([':', '.']);
    let hour: u32 = parts.next()?.parse().ok()?;
    let minute = parts.next()?;
    let digits: String = minute.chars().take_while(char::is_ascii_digit).collect();
    let minute: u32 = digits.parse().ok().filter(|_| digits.len() == 2)?;
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// Whether a word is or ends in *pm*; none if in neither *am* nor *pm*.
fn half_of_day(word: &str) -> Option<bool> {
    let letters: String = word.chars().filter(|c| c.is_alphabetic()).collect();
    match letters.as_str() {
        "pm" => Some(true),
        "am" => Some(false),
        _ => None,
    }
}

fn leading_number(word: &str) -> Option<u32> {
    let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
    let rest = &word[digits.len()..];
    let is_ordinal = matches!(rest, "" | "st" | "nd" | "rd" | "th" | "am" | "pm");
    digits.parse().ok().filter(|_| is_ordinal)
}

/// The month that a word names in one of the three languages, in any form.
fn month_of(word: &str) -> Option<u32> {
    const MONTHS: [[&str; 3]; 12] = [
        ["tammikuu", "januari", "january"],
        ["helmikuu", "februari", "february"],
        ["maaliskuu", "mars", "march"],
        ["huhtikuu", "april", "april"],
        ["toukokuu", "maj", "may"],
        ["kesäkuu", "juni", "june"],
        ["heinäkuu", "juli", "july"],
        ["elokuu", "augusti", "august"],
        ["syyskuu", "september", "september"],
        ["lokakuu", "oktober", "october"],
        ["marraskuu", "november", "november"],
        ["joulukuu", "december", "december"],
    ];
    let is_meant = |names: &[&str; 3]| {
        let short = word.trim_end_matches('.');
        let is_short = short.chars().count() == 3 && names[1..].iter().any(|name| name.starts_with(short));
        word.starts_with(names[0]) || word == names[1] || word == names[2] || is_short
    };
    let index = MONTHS.iter().position(is_meant)?;
    u32::try_from(index + 1).ok()
}

/// The text in pieces: words, and what stands between them.
fn split_words(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = if first.is_alphanumeric() {
            end_of_word(rest)
        } else {
            rest.find(char::is_alphanumeric).unwrap_or(rest.len())
        };
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
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

/// The end of a word: letters and digits, and marks that join them, as in `15.05` or `a.b@c.fi`.
fn end_of_word(text: &str) -> usize {
    let mut end = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let joins = matches!(c, '.' | ':' | '/' | '@' | '-' | '_' | '+' | '\'' | '’')
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
            ("maijan ja maijalle, maijamainen", "[…] ja […], maijamainen"),
            (
                "Saavuin klo 9.05 ja lähdin 10.30.",
                "Saavuin klo […] ja lähdin […].",
            ),
            ("at 09:05:30, 09:051 and 19:05", "at […], 09:051 and 19:05"),
            ("9.15am, 9:15 pm and 10 am", "[…], 9:15 pm and […]"),
            ("klo 9 tai kl. 10, ei klo 15", "[…] tai […], ei klo 15"),
            ("maksoin 12.50 €, jono 14 min", "maksoin 12.50 €, jono 14 min"),
            (
                "19. marraskuuta, November 19th, 19 nov, 19/11, 20.11.",
                "[…], […], […], […], 20.11.",
            ),
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
            assert_eq!(
                Redactor::new("Bo Li", "", &[], &zone).mask("Bo bodde här, Lin bo"),
                "[…] bodde här, […] bo"
            );
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

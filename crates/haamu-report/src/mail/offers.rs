//! The mail that tells a shopper of offers: new ones, invitations, and those that are gone.

use haamu_domain::LocalDate;
use haamu_form::Language;
use serde::{Deserialize, Serialize};

/// A visit in a mail.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct OfferLine {
    /// The place, and its city.
    pub place: String,
    /// The last day of the visit.
    pub visit_by: LocalDate,
    /// Until when the offer is to be answered, on the clock of the place: a date and the minute of it.
    pub answer_by: Option<(LocalDate, u16)>,
    /// The last day of the report, where that is what is told.
    #[serde(default)]
    pub report_by: Option<LocalDate>,
}

/// What a shopper is told about offers in one mail.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct OfferNews {
    /// Visits that are offered to them.
    pub offered: Vec<OfferLine>,
    /// Visits that they are asked about.
    pub invited: Vec<OfferLine>,
    /// Visits that a coordinator took back.
    pub taken_back: Vec<OfferLine>,
    /// Offers that they did not answer in time.
    pub expired: Vec<OfferLine>,
    /// Visits that they have, whose reports are due soon.
    #[serde(default)]
    pub report_due: Vec<OfferLine>,
}

/// Of one kind, so many visits are named; how many more there are is told.
const MOST_NAMED: usize = 25;

impl OfferNews {
    /// Whether there is nothing to tell.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.offered.is_empty()
            && self.invited.is_empty()
            && self.taken_back.is_empty()
            && self.expired.is_empty()
            && self.report_due.is_empty()
    }

    /// The paragraphs of the mail.
    pub(super) fn paragraphs(&self, language: Language) -> Vec<String> {
        let words = Words::of(language);
        let mut said = Vec::new();
        for (intro, lines) in [
            (words.offered, &self.offered),
            (words.invited, &self.invited),
            (words.taken_back, &self.taken_back),
            (words.expired, &self.expired),
            (words.report_due, &self.report_due),
        ] {
            if lines.is_empty() {
                continue;
            }
            said.push(intro.to_owned());
            said.extend(lines.iter().take(MOST_NAMED).map(|line| words.line(line)));
            if lines.len() > MOST_NAMED {
                let more = (lines.len() - MOST_NAMED).to_string();
                said.push(words.more.replace("{}", &more));
            }
        }
        said
    }
}

struct Words {
    language: Language,
    offered: &'static str,
    invited: &'static str,
    taken_back: &'static str,
    expired: &'static str,
    report_due: &'static str,
    visit_by: &'static str,
    report_by: &'static str,
    answer_by: &'static str,
    more: &'static str,
}

impl Words {
    const fn of(language: Language) -> Self {
        match language {
            Language::English => Self {
                language,
                offered: "These visits are offered to you. Accept or decline them in Haamu:",
                invited: "You are asked whether you want these visits. They are on the job board:",
                taken_back: "These visits are yours no longer; there is nothing left to do:",
                expired: "These offers were not answered in time and are over:",
                report_due: "The reports of these visits are due soon and have not been handed in:",
                visit_by: "visit by {}",
                report_by: "report by {}",
                answer_by: "answer by {date} at {time}",
                more: "and {} more.",
            },
            Language::Finnish => Self {
                language,
                offered: "Sinulle tarjotaan näitä käyntejä. Hyväksy tai hylkää ne Haamussa:",
                invited: "Haluaisitko tehdä nämä käynnit? Ne ovat työtaululla:",
                taken_back: "Nämä käynnit eivät enää ole sinun; sinun ei tarvitse tehdä mitään:",
                expired: "Näihin tarjouksiin ei vastattu ajoissa, ja ne ovat rauenneet:",
                report_due: "Näiden käyntien raportit on palautettava pian, eikä niitä ole vielä lähetetty:",
                visit_by: "käynti viimeistään {}",
                report_by: "raportti viimeistään {}",
                answer_by: "vastaa viimeistään {date} klo {time}",
                more: "ja {} muuta.",
            },
            Language::Swedish => Self {
                language,
                offered: "De här besöken erbjuds dig. Tacka ja eller nej i Haamu:",
                invited: "Vill du göra de här besöken? De finns på uppdragstavlan:",
                taken_back: "De här besöken är inte längre dina; du behöver inte göra något:",
                expired: "De här erbjudandena besvarades inte i tid och gäller inte längre:",
                report_due: "Rapporterna om de här besöken ska snart vara inne och har inte lämnats:",
                visit_by: "besök senast {}",
                report_by: "rapport senast {}",
                answer_by: "svara senast {date} kl. {time}",
                more: "och {} till.",
            },
        }
    }

    fn line(&self, line: &OfferLine) -> String {
        let by = match line.report_by {
            Some(day) => self.report_by.replace("{}", &self.date(day)),
            None => self.visit_by.replace("{}", &self.date(line.visit_by)),
        };
        let mut said = format!("– {}: {by}", line.place);
        if let Some((date, minute)) = line.answer_by {
            let separator = if self.language == Language::English {
                ':'
            } else {
                '.'
            };
            let time = format!("{:02}{separator}{:02}", minute / 60, minute % 60);
            let answer_by = self.answer_by.replace("{date}", &self.date(date));
            said.push_str("; ");
            said.push_str(&answer_by.replace("{time}", &time));
        }
        said
    }

    /// A date as it is written in Finland, or for the world.
    fn date(&self, date: LocalDate) -> String {
        let written = date.to_string();
        let mut parts = written.splitn(3, '-').map(|part| part.trim_start_matches('0'));
        match (self.language, parts.next(), parts.next(), parts.next()) {
            (Language::Finnish | Language::Swedish, Some(year), Some(month), Some(day)) => {
                format!("{day}.{month}.{year}")
            }
            _ => written,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> LocalDate {
        LocalDate::parse(text).expect("a date")
    }

    fn line(place: &str) -> OfferLine {
        OfferLine {
            place: place.to_owned(),
            visit_by: day("2026-12-09"),
            answer_by: Some((day("2026-11-22"), 14 * 60 + 5)),
            report_by: None,
        }
    }

    #[test]
    fn each_language_writes_dates_in_its_own_way() {
        let news = OfferNews {
            offered: vec![line("Kenkäkauppa, Turku")],
            ..OfferNews::default()
        };
        let second = |language| news.paragraphs(language).remove(1);
        assert_eq!(
            second(Language::English),
            "– Kenkäkauppa, Turku: visit by 2026-12-09; answer by 2026-11-22 at 14:05"
        );
        assert_eq!(
            second(Language::Finnish),
            "– Kenkäkauppa, Turku: käynti viimeistään 9.12.2026; vastaa viimeistään 22.11.2026 klo 14.05"
        );
        assert_eq!(
            second(Language::Swedish),
            "– Kenkäkauppa, Turku: besök senast 9.12.2026; svara senast 22.11.2026 kl. 14.05"
        );
    }

    #[test]
    fn of_many_visits_some_are_named_and_the_rest_counted() {
        let expired = OfferLine {
            answer_by: None,
            ..line("Kahvila, Oulu")
        };
        let news = OfferNews {
            invited: vec![line("Kioski, Vaasa"); 30],
            expired: vec![expired],
            ..OfferNews::default()
        };
        let said = news.paragraphs(Language::English);
        assert_eq!(said.len(), 1 + 25 + 1 + 2);
        assert_eq!(said[26], "and 5 more.");
        assert_eq!(said[28], "– Kahvila, Oulu: visit by 2026-12-09");
        assert!(OfferNews::default().is_empty() && !news.is_empty());
    }
}

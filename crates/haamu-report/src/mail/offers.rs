//! The mail that tells a shopper of offers: new ones, invitations, those that are gone, and visits of theirs of which
//! something has changed.

use haamu_domain::{Daypart, LocalDate};
use haamu_form::Language;
use serde::{Deserialize, Serialize};

use super::words::Phrases;

/// A visit in a mail.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct OfferLine {
    /// The place, and its city.
    pub place: String,
    /// The last day of the visit.
    pub visit_by: LocalDate,
    /// The part of the day.
    #[serde(default)]
    pub daypart: Option<Daypart>,
    /// The name of the scenario.
    #[serde(default)]
    pub scenario: Option<String>,
    /// Until when the offer is to be answered, on the clock of the place: a date and the minute of it.
    pub answer_by: Option<(LocalDate, u16)>,
    /// On which day the shopper goes, where that may have changed.
    #[serde(default)]
    pub due_on: Option<LocalDate>,
    /// The last day of the report, where that is what is told.
    #[serde(default)]
    pub report_by: Option<LocalDate>,
    /// What a coordinator said about it.
    #[serde(default)]
    pub words: Option<String>,
}

/// What a shopper is told about offers in one mail.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub struct OfferNews {
    /// Visits that are offered to them.
    pub offered: Vec<OfferLine>,
    /// Visits that they are asked about.
    pub invited: Vec<OfferLine>,
    /// Visits that a coordinator took back.
    pub taken_back: Vec<OfferLine>,
    /// Offers that they did not answer in time.
    pub expired: Vec<OfferLine>,
    /// Visits that they have accepted and not begun, and whose days are soon over.
    pub due_soon: Vec<OfferLine>,
    /// Visits that were taken back because they were not begun in time.
    pub overdue: Vec<OfferLine>,
    /// Visits that they asked for and somebody else was chosen for.
    pub not_chosen: Vec<OfferLine>,
    /// Visits that they asked for and that were called off.
    pub called_off: Vec<OfferLine>,
    /// Visits that they asked for and that a coordinator refused to them.
    pub refused: Vec<OfferLine>,
    /// Visits of theirs that have more time.
    pub extended: Vec<OfferLine>,
    /// Visits of theirs whose plan has changed.
    pub changed: Vec<OfferLine>,
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
            && self.due_soon.is_empty()
            && self.overdue.is_empty()
            && self.not_chosen.is_empty()
            && self.called_off.is_empty()
            && self.refused.is_empty()
            && self.extended.is_empty()
            && self.changed.is_empty()
            && self.report_due.is_empty()
    }

    /// The paragraphs of the mail.
    pub(super) fn paragraphs(&self, language: Language) -> Vec<String> {
        let words = Words::of(language);
        let mut said = Vec::new();
        for (intro, lines) in [
            (words.offered, &self.offered),
            (words.extended, &self.extended),
            (words.changed, &self.changed),
            (words.invited, &self.invited),
            (words.taken_back, &self.taken_back),
            (words.expired, &self.expired),
            (words.due_soon, &self.due_soon),
            (words.overdue, &self.overdue),
            (words.not_chosen, &self.not_chosen),
            (words.called_off, &self.called_off),
            (words.refused, &self.refused),
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
    due_soon: &'static str,
    overdue: &'static str,
    scenario: &'static str,
    /// From the morning to the night.
    dayparts: [&'static str; 5],
    not_chosen: &'static str,
    called_off: &'static str,
    refused: &'static str,
    extended: &'static str,
    changed: &'static str,
    due_on: &'static str,
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
                due_soon: "The time for these visits is soon over, and you have not begun them. If you cannot make them, give them back in Haamu:",
                overdue: "These visits were not begun in time and are yours no longer:",
                scenario: "scenario: {}",
                dayparts: [
                    "in the morning",
                    "at midday",
                    "in the afternoon",
                    "in the evening",
                    "at night",
                ],
                not_chosen: "Somebody else was chosen for these visits, which you asked for:",
                called_off: "These visits, which you asked for, will not be made:",
                refused: "You do not get these visits, which you asked for:",
                extended: "You have more time for these visits:",
                changed: "The plan of these visits has changed. See in Haamu what is asked of you now:",
                due_on: "your day is {}",
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
                due_soon: "Näiden käyntien aika päättyy pian, etkä ole vielä aloittanut niitä. Jos et pysty tekemään niitä, palauta ne Haamussa:",
                overdue: "Näitä käyntejä ei aloitettu ajoissa, eivätkä ne ole enää sinun:",
                scenario: "skenaario: {}",
                dayparts: ["aamulla", "keskipäivällä", "iltapäivällä", "illalla", "yöllä"],
                not_chosen: "Näihin käynteihin, joita hait, valittiin joku muu:",
                called_off: "Näitä käyntejä, joita hait, ei tehdä:",
                refused: "Et saa näitä käyntejä, joita hait:",
                extended: "Sinulla on lisää aikaa näihin käynteihin:",
                changed: "Näiden käyntien suunnitelma on muuttunut. Katso Haamusta, mitä sinulta nyt pyydetään:",
                due_on: "päiväsi on {}",
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
                due_soon: "Tiden för de här besöken går snart ut och du har inte börjat med dem. Lämna tillbaka dem i Haamu om du inte kan göra dem:",
                overdue: "De här besöken påbörjades inte i tid och är inte längre dina:",
                scenario: "scenario: {}",
                dayparts: [
                    "på morgonen",
                    "mitt på dagen",
                    "på eftermiddagen",
                    "på kvällen",
                    "på natten",
                ],
                not_chosen: "Till de här besöken, som du ansökte om, valdes någon annan:",
                called_off: "De här besöken, som du ansökte om, blir inte av:",
                refused: "Du får inte de här besöken, som du ansökte om:",
                extended: "Du har mer tid för de här besöken:",
                changed: "Planen för de här besöken har ändrats. Se i Haamu vad som nu begärs av dig:",
                due_on: "din dag är {}",
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
        let mut parts = Daypart::ALL.into_iter().zip(self.dayparts);
        if let Some((_, words)) = parts.find(|(part, _)| line.daypart == Some(*part)) {
            said.push_str(", ");
            said.push_str(words);
        }
        if let Some(scenario) = &line.scenario {
            said.push_str("; ");
            said.push_str(&self.scenario.replace("{}", scenario));
        }
        if let Some(date) = line.due_on {
            said.push_str("; ");
            said.push_str(&self.due_on.replace("{}", &self.date(date)));
        }
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
        if let Some(words) = &line.words {
            said.push_str(": ");
            said.push_str(words);
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

/// Subject and first words of the mail.
pub(super) const fn phrases(language: Language) -> Phrases {
    match language {
        Language::English => (
            "Visits of {agency}",
            "",
            "{agency} has news about visits for you.",
        ),
        Language::Finnish => ("Käyntejä: {agency}", "", "Sinulle on uutta käynneistä: {agency}."),
        Language::Swedish => ("Besök för {agency}", "", "{agency} har nyheter om besök för dig."),
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
            daypart: None,
            scenario: None,
            answer_by: Some((day("2026-11-22"), 14 * 60 + 5)),
            due_on: None,
            report_by: None,
            words: None,
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
    fn the_part_of_the_day_and_the_scenario_are_named() {
        let line = OfferLine {
            daypart: Some(Daypart::Evening),
            scenario: Some("Lahja".to_owned()),
            answer_by: None,
            ..line("Kenkäkauppa, Turku")
        };
        let said = |language| Words::of(language).line(&line);
        assert_eq!(
            said(Language::English),
            "– Kenkäkauppa, Turku: visit by 2026-12-09, in the evening; scenario: Lahja"
        );
        assert_eq!(
            said(Language::Finnish),
            "– Kenkäkauppa, Turku: käynti viimeistään 9.12.2026, illalla; skenaario: Lahja"
        );
        assert_eq!(
            said(Language::Swedish),
            "– Kenkäkauppa, Turku: besök senast 9.12.2026, på kvällen; scenario: Lahja"
        );
    }

    #[test]
    fn a_visit_that_has_more_time_is_told_with_its_day() {
        let moved = OfferLine {
            answer_by: None,
            due_on: Some(day("2026-12-08")),
            ..line("Kahvila, Oulu")
        };
        let news = OfferNews {
            extended: vec![moved],
            ..OfferNews::default()
        };
        assert_eq!(
            news.paragraphs(Language::Swedish),
            [
                "Du har mer tid för de här besöken:",
                "– Kahvila, Oulu: besök senast 9.12.2026; din dag är 8.12.2026"
            ]
        );
        // A mail from before these were told is still read.
        let before = r#"{"offered": [], "invited": [], "taken_back": [], "expired": []}"#;
        assert_eq!(
            serde_json::from_str::<OfferNews>(before).ok(),
            Some(OfferNews::default())
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

//! The mail that tells coordinators what shoppers did with visits of theirs: what is to be given to somebody else.

use haamu_form::Language;
use serde::{Deserialize, Serialize};

use super::words::Phrases;

/// A visit in a mail to coordinators.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct StaffLine {
    /// The place, and its city.
    pub place: String,
    /// The name of the round.
    pub round: String,
    /// Who had the visit.
    pub shopper: String,
    /// What they said about it.
    pub words: Option<String>,
}

/// What coordinators are told in one mail.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub struct StaffNews {
    /// Offers that shoppers declined.
    pub declined: Vec<StaffLine>,
    /// Visits that they gave back.
    pub given_back: Vec<StaffLine>,
    /// Offers that they did not answer in time.
    pub lapsed: Vec<StaffLine>,
    /// Visits whose place they found closed for good.
    pub place_closed: Vec<StaffLine>,
    /// Visits that they could not make as planned.
    pub cannot_do: Vec<StaffLine>,
    /// Visits that are nobody's, as whoever had them is no shopper any more.
    pub departed: Vec<StaffLine>,
    /// Visits that somebody has begun who is no shopper any more.
    pub departed_begun: Vec<StaffLine>,
    /// Visits of shoppers who were suspended.
    pub suspended: Vec<StaffLine>,
}

impl StaffLine {
    /// The line of a visit whose shopper said nothing about it.
    #[must_use]
    pub fn wordless(self) -> Self {
        Self { words: None, ..self }
    }
}

/// Of one kind, so many visits are named; how many more there are is told.
const MOST_NAMED: usize = 25;

impl StaffNews {
    /// Whether there is nothing to tell.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.declined.is_empty()
            && self.given_back.is_empty()
            && self.lapsed.is_empty()
            && self.place_closed.is_empty()
            && self.cannot_do.is_empty()
            && self.departed.is_empty()
            && self.departed_begun.is_empty()
            && self.suspended.is_empty()
    }

    /// The paragraphs of the mail.
    pub(super) fn paragraphs(&self, language: Language) -> Vec<String> {
        let words = Words::of(language);
        let mut said = Vec::new();
        for (intro, lines) in [
            (words.place_closed, &self.place_closed),
            (words.cannot_do, &self.cannot_do),
            (words.given_back, &self.given_back),
            (words.declined, &self.declined),
            (words.lapsed, &self.lapsed),
            (words.departed, &self.departed),
            (words.departed_begun, &self.departed_begun),
            (words.suspended, &self.suspended),
        ] {
            if lines.is_empty() {
                continue;
            }
            said.push(intro.to_owned());
            said.extend(lines.iter().take(MOST_NAMED).map(line));
            if lines.len() > MOST_NAMED {
                let more = (lines.len() - MOST_NAMED).to_string();
                said.push(words.more.replace("{}", &more));
            }
        }
        said
    }
}

fn line(of: &StaffLine) -> String {
    let StaffLine {
        place,
        round,
        shopper,
        words,
    } = of;
    let said = words.as_ref().map(|words| format!(": {words}"));
    format!("– {place} ({round}), {shopper}{}", said.unwrap_or_default())
}

struct Words {
    declined: &'static str,
    given_back: &'static str,
    lapsed: &'static str,
    place_closed: &'static str,
    cannot_do: &'static str,
    departed: &'static str,
    departed_begun: &'static str,
    suspended: &'static str,
    more: &'static str,
}

impl Words {
    const fn of(language: Language) -> Self {
        match language {
            Language::English => Self {
                declined: "These offers were declined:",
                given_back: "These visits were given back:",
                lapsed: "These offers were not answered in time, or their visits not begun:",
                place_closed: "Here the place is closed for good or was not there. Nobody is sent there until you reopen \
                               the visit:",
                cannot_do: "These visits could not be made as planned:",
                departed: "Whoever had these visits is no shopper any more; they are open again:",
                departed_begun: "Whoever has begun these visits is no shopper any more. They stay with them until you \
                                 withdraw them:",
                suspended: "Whoever has these visits was suspended. They stay with them until you withdraw them:",
                more: "and {} more.",
            },
            Language::Finnish => Self {
                declined: "Nämä tarjoukset hylättiin:",
                given_back: "Nämä käynnit annettiin takaisin:",
                lapsed: "Näihin tarjouksiin ei vastattu ajoissa, tai käyntiä ei aloitettu:",
                place_closed: "Näissä paikka on lopettanut tai sitä ei löytynyt. Sinne ei lähetetä ketään, ennen kuin \
                               avaat käynnin uudelleen:",
                cannot_do: "Näitä käyntejä ei voitu tehdä suunnitellusti:",
                departed: "Näiden käyntien tekijä ei ole enää shopper; käynnit ovat taas vapaina:",
                departed_begun: "Näiden aloitettujen käyntien tekijä ei ole enää shopper. Käynnit ovat hänellä, kunnes \
                                 perut ne:",
                suspended: "Näiden käyntien tekijä on hyllytetty. Käynnit ovat hänellä, kunnes perut ne:",
                more: "ja {} muuta.",
            },
            Language::Swedish => Self {
                declined: "De här erbjudandena avböjdes:",
                given_back: "De här besöken lämnades tillbaka:",
                lapsed: "De här erbjudandena besvarades inte i tid, eller besöken påbörjades inte:",
                place_closed: "Här har platsen upphört eller gick inte att hitta. Ingen skickas dit förrän du öppnar \
                               besöket igen:",
                cannot_do: "De här besöken kunde inte göras som planerat:",
                departed: "Den som hade de här besöken är inte längre shoppare; besöken är lediga igen:",
                departed_begun: "Den som har påbörjat de här besöken är inte längre shoppare. De ligger kvar hos \
                                 personen tills du drar tillbaka dem:",
                suspended: "Den som har de här besöken är avstängd. De ligger kvar hos personen tills du drar tillbaka \
                            dem:",
                more: "och {} till.",
            },
        }
    }
}

/// Subject and first words of the mail.
pub(super) const fn phrases(language: Language) -> Phrases {
    match language {
        Language::English => (
            "Visits of {agency} need somebody else",
            "",
            "News of visits that shoppers of {agency} had.",
        ),
        Language::Finnish => (
            "Käynneille tarvitaan joku muu: {agency}",
            "",
            "Uutta shoppereiden käynneistä: {agency}.",
        ),
        Language::Swedish => (
            "Besök för {agency} behöver någon annan",
            "",
            "Nytt om besök som shoppare hos {agency} hade.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shoppers_said_stands_behind_their_names() {
        let line = |words: Option<&str>| StaffLine {
            place: "Kahvila, Oulu".to_owned(),
            round: "Marraskuu".to_owned(),
            shopper: "Aino".to_owned(),
            words: words.map(str::to_owned),
        };
        let news = StaffNews {
            declined: vec![line(Some("En ehdi."))],
            lapsed: vec![line(None); 27],
            ..StaffNews::default()
        };
        let said = news.paragraphs(Language::Finnish);
        assert_eq!(said[0], "Nämä tarjoukset hylättiin:");
        assert_eq!(said[1], "– Kahvila, Oulu (Marraskuu), Aino: En ehdi.");
        assert_eq!(said[3], "– Kahvila, Oulu (Marraskuu), Aino");
        assert_eq!(said.last().map(String::as_str), Some("ja 2 muuta."));
        assert!(StaffNews::default().is_empty() && !news.is_empty());
    }
}

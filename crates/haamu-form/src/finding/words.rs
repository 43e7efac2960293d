//! Sentences about answers in Finnish and Swedish.

use crate::Language;

/// Code, Finnish, Swedish; `{0}` and so on stand for values.
const SENTENCES: [(&str, &str, &str); 36] = [
    (
        "answer_required",
        "tähän kysymykseen on vastattava",
        "den här frågan måste besvaras",
    ),
    (
        "not_applicable_not_allowed",
        "tähän ei voi vastata ”ei koske”",
        "”gäller inte” kan inte väljas här",
    ),
    (
        "not_observed_not_allowed",
        "tähän ei voi vastata ”en voinut havaita”",
        "”kunde inte observeras” kan inte väljas här",
    ),
    (
        "text_too_short",
        "{0} merkkiä; vähintään {1} tarvitaan",
        "{0} tecken; minst {1} behövs",
    ),
    (
        "text_too_long",
        "{0} merkkiä; enintään {1} sallitaan",
        "{0} tecken; högst {1} tillåts",
    ),
    (
        "text_too_few_words",
        "{0} sanaa; vähintään {1} tarvitaan",
        "{0} ord; minst {1} behövs",
    ),
    (
        "text_too_many_words",
        "{0} sanaa; enintään {1} sallitaan",
        "{0} ord; högst {1} tillåts",
    ),
    (
        "text_too_few_sentences",
        "virkkeitä {0}; vähintään {1} tarvitaan",
        "meningar: {0}; minst {1} behövs",
    ),
    (
        "text_too_many_sentences",
        "virkkeitä {0}; enintään {1} sallitaan",
        "meningar: {0}; högst {1} tillåts",
    ),
    (
        "number_too_low",
        "{0} on liian pieni; pienin sallittu luku on {1}",
        "{0} är för litet; det minsta tillåtna talet är {1}",
    ),
    (
        "number_too_high",
        "{0} on liian suuri; suurin sallittu luku on {1}",
        "{0} är för stort; det största tillåtna talet är {1}",
    ),
    (
        "comment_required",
        "tämä vastaus tarvitsee perustelun",
        "det här svaret behöver en kommentar",
    ),
    (
        "comment_too_long",
        "perustelu on liian pitkä",
        "kommentaren är för lång",
    ),
    (
        "photo_required",
        "tämä vastaus tarvitsee kuvan",
        "det här svaret behöver en bild",
    ),
    (
        "too_many_photos",
        "{0} kuvaa; enintään {1} sallitaan",
        "{0} bilder; högst {1} tillåts",
    ),
    (
        "option_not_offered",
        "muiden vastausten jälkeen tätä vaihtoehtoa ei enää ole",
        "efter andra svar finns det här alternativet inte längre",
    ),
    (
        "file_required",
        "tämä vastaus tarvitsee tiedoston",
        "det här svaret behöver en fil",
    ),
    (
        "too_many_files",
        "{0} tiedostoa; enintään {1} sallitaan",
        "{0} filer; högst {1} tillåts",
    ),
    (
        "too_few_instances",
        "täytetty {0}; vähintään {1} tarvitaan",
        "{0} ifyllda; minst {1} behövs",
    ),
    (
        "too_many_instances",
        "täytetty {0}; enintään {1} sallitaan",
        "{0} ifyllda; högst {1} tillåts",
    ),
    (
        "barcode_not_valid",
        "tämä ei ole pyydetynlainen koodi; tarkista numerot",
        "det här är ingen kod av det slag som efterfrågas; kontrollera siffrorna",
    ),
    (
        "answer_in_instances",
        "tähän vastataan jokaisessa toistossa erikseen",
        "den här frågan besvaras i varje upprepning för sig",
    ),
    (
        "duration_negative",
        "kesto ei voi olla negatiivinen",
        "en längd i tid kan inte vara negativ",
    ),
    (
        "answer_in_conflict",
        "kaksi laitetta vastasi eri tavoin; vastaa vielä kerran",
        "två enheter gav olika svar; svara en gång till",
    ),
    (
        "answer_unknown_question",
        "tarkistuslistassa ei ole tätä kysymystä",
        "checklistan har inte den här frågan",
    ),
    (
        "answer_unknown_option",
        "kysymyksessä ei ole tätä vaihtoehtoa",
        "frågan har inte det här alternativet",
    ),
    (
        "answer_repeated_option",
        "vaihtoehto on valittu useammin kuin kerran",
        "alternativet är valt mer än en gång",
    ),
    (
        "answer_exclusive_option",
        "vaihtoehtoa ei voi valita muiden kanssa",
        "alternativet kan inte väljas tillsammans med andra",
    ),
    (
        "answer_out_of_range",
        "{0} ei ole välillä {1}–{2}",
        "{0} ligger inte mellan {1} och {2}",
    ),
    (
        "answer_not_an_integer",
        "vastauksen on oltava kokonaisluku",
        "svaret måste vara ett heltal",
    ),
    (
        "answer_bad_decimal",
        "vastauksen on oltava luku, kuten 12.5",
        "svaret måste vara ett tal, såsom 12.5",
    ),
    (
        "answer_bad_datetime",
        "vastauksen on oltava päivä ja kellonaika, kuten 2026-11-19T14:35",
        "svaret måste vara datum och tid, såsom 2026-11-19T14:35",
    ),
    (
        "answer_wrong_type",
        "vastaus ei ole oikeaa lajia",
        "svaret är av fel slag",
    ),
    (
        "answer_is_derived",
        "vastaus lasketaan muista vastauksista, eikä sitä voi antaa",
        "svaret räknas ut av andra svar och kan inte ges",
    ),
    (
        "attribute_not_of_kind",
        "toimipisteen tieto ”{0}” on väärää lajia, joten ehdot eivät tunne sitä",
        "uppgiften ”{0}” om verksamhetsstället är av fel slag, så villkoren känner den inte",
    ),
    (
        "unknown_question",
        "tällaista kysymystä ei ole",
        "det finns ingen sådan fråga",
    ),
];

pub(super) fn template(code: &str, language: Language) -> Option<&'static str> {
    let (_, finnish, swedish) = SENTENCES.iter().find(|(known, ..)| *known == code)?;
    match language {
        Language::Finnish => Some(finnish),
        Language::Swedish => Some(swedish),
        Language::English => None,
    }
}

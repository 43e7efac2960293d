//! What the device says to its shopper, in three languages.

use haamu_form::Language;

/// The words of the device.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) signed_in: &'static str,
    pub(super) no_visits: &'static str,
    pub(super) saved: &'static str,
    pub(super) submitted: &'static str,
    pub(super) incomplete: &'static str,
    pub(super) up_to_date: &'static str,
    pub(super) offline: &'static str,
    pub(super) portal: &'static str,
    pub(super) server_busy: &'static str,
    pub(super) sign_in_again: &'static str,
    pub(super) update_app: &'static str,
    pub(super) answers_waiting: &'static str,
    pub(super) photos_waiting: &'static str,
    pub(super) set_aside: &'static str,
    pub(super) handed_over: &'static str,
    pub(super) new_identity: &'static str,
    pub(super) damaged: &'static str,
    pub(super) returned: &'static str,
    pub(super) visit_by: &'static str,
    pub(super) report_by: &'static str,
    pub(super) required: &'static str,
}

impl Words {
    pub(super) const fn of(language: Language) -> &'static Self {
        match language {
            Language::Finnish => &FINNISH,
            Language::Swedish => &SWEDISH,
            Language::English => &ENGLISH,
        }
    }
}

const ENGLISH: Words = Words {
    signed_in: "Signed in as",
    no_visits: "There are no visits on this device.",
    saved: "Saved on this device",
    submitted: "Submitted; it is sent with the next sync.",
    incomplete: "Not submitted. Still missing or not fitting:",
    up_to_date: "Everything is sent and received.",
    offline: "No connection. Your work is safe on this device and is sent later.",
    portal: "The network wants you to sign in first. Your work is safe on this device.",
    server_busy: "The server cannot answer now. Your work is safe on this device and is sent later.",
    sign_in_again: "Please sign in again. You can go on working; nothing is lost.",
    update_app: "Please update the app. You can go on working; nothing is lost.",
    answers_waiting: "entries to send",
    photos_waiting: "photos to send",
    set_aside: "entries came too late or for another visit; the office has them",
    handed_over: "handed over",
    new_identity: "Another phone uses a copy of this one; this one took a new name. Nothing is lost.",
    damaged: "A photo on this device is damaged and cannot be sent.",
    returned: "Returned to you:",
    visit_by: "visit by",
    report_by: "report by",
    required: "required",
};

const FINNISH: Words = Words {
    signed_in: "Kirjautunut:",
    no_visits: "Tällä laitteella ei ole käyntejä.",
    saved: "Tallennettu tälle laitteelle",
    submitted: "Lähetetty tarkastettavaksi; siirtyy seuraavassa synkronoinnissa.",
    incomplete: "Ei lähetetty. Puuttuu tai ei kelpaa:",
    up_to_date: "Kaikki on lähetetty ja vastaanotettu.",
    offline: "Ei yhteyttä. Työsi on turvassa tällä laitteella ja lähetetään myöhemmin.",
    portal: "Verkko vaatii ensin kirjautumisen. Työsi on turvassa tällä laitteella.",
    server_busy: "Palvelin ei juuri nyt vastaa. Työsi on turvassa tällä laitteella ja lähetetään myöhemmin.",
    sign_in_again: "Kirjaudu uudelleen. Voit jatkaa työtäsi; mitään ei katoa.",
    update_app: "Päivitä sovellus. Voit jatkaa työtäsi; mitään ei katoa.",
    answers_waiting: "kirjausta lähettämättä",
    photos_waiting: "kuvaa lähettämättä",
    set_aside: "kirjausta tuli myöhässä tai toiselle käynnille; toimisto näkee ne",
    handed_over: "annettu toiselle",
    new_identity: "Toinen puhelin käyttää tämän kopiota; tämä sai uuden tunnuksen. Mitään ei katoa.",
    damaged: "Laitteella oleva kuva on vioittunut eikä sitä voi lähettää.",
    returned: "Palautettu täydennettäväksi:",
    visit_by: "käynti viimeistään",
    report_by: "raportti viimeistään",
    required: "pakollinen",
};

const SWEDISH: Words = Words {
    signed_in: "Inloggad som",
    no_visits: "Det finns inga besök på den här enheten.",
    saved: "Sparat på den här enheten",
    submitted: "Inlämnat; det sänds vid nästa synkronisering.",
    incomplete: "Inte inlämnat. Saknas eller passar inte:",
    up_to_date: "Allt är sänt och mottaget.",
    offline: "Ingen förbindelse. Ditt arbete är tryggt på den här enheten och sänds senare.",
    portal: "Nätet kräver inloggning först. Ditt arbete är tryggt på den här enheten.",
    server_busy: "Servern kan inte svara nu. Ditt arbete är tryggt på den här enheten och sänds senare.",
    sign_in_again: "Logga in på nytt. Du kan arbeta vidare; inget går förlorat.",
    update_app: "Uppdatera appen. Du kan arbeta vidare; inget går förlorat.",
    answers_waiting: "poster att sända",
    photos_waiting: "bilder att sända",
    set_aside: "poster kom för sent eller för ett annat besök; kontoret har dem",
    handed_over: "överlämnat",
    new_identity: "En annan telefon använder en kopia av den här; den här fick ett nytt namn. Inget går förlorat.",
    damaged: "En bild på den här enheten är skadad och kan inte sändas.",
    returned: "Returnerat för komplettering:",
    visit_by: "besök senast",
    report_by: "rapport senast",
    required: "obligatorisk",
};

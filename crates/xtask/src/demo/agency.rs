//! The sample agency: people, clients with locations, checklists, programmes and visits.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use jiff::ToSpan;
use serde_json::{Value, json};

use super::api::{Api, Session, items, text};
use super::server::Server;
use super::{PASSWORD, progress, today};

/// A person of the demo.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) role: &'static str,
    pub(super) email: String,
    name: &'static str,
    id: String,
}

/// A visit that was assigned.
#[derive(Clone, Debug)]
pub(super) struct PlannedVisit {
    pub(super) id: String,
    pub(super) shopper_email: String,
    pub(super) location: String,
    pub(super) plan: &'static Plan,
}

/// What a shopper will do on a visit.
#[derive(Debug)]
pub(super) struct Plan {
    checklist: &'static str,
    /// The row of the client's location file, from 0.
    location: usize,
    /// The number of the shopper, from 0.
    shopper: usize,
    /// The file of answers, without its ending.
    pub(super) answers: &'static str,
    /// Answers that differ from the file.
    pub(super) changes: &'static [(&'static str, &'static str)],
    /// The date and time question, and how many days ago the visit took place.
    pub(super) moment: Option<(&'static str, i32)>,
    /// The questions that get a photo, with what it shows.
    pub(super) photos: &'static [(&'static str, &'static str)],
    /// The section that was filled in later, with its file of answers.
    pub(super) later: Option<(&'static str, &'static str)>,
}

/// The agency of the demo.
#[derive(Debug)]
pub(super) struct Agency {
    people: Vec<Person>,
    pub(super) visits: Vec<PlannedVisit>,
}

const PEOPLE: [(&str, &str, &str); 6] = [
    ("coordinator", "coordinator", "Kaisa Lehto"),
    ("reviewer", "reviewer", "Rasmus Nyberg"),
    ("shopper", "aino", "Aino Virtasaari"),
    ("shopper", "otso", "Otso Kallionpää"),
    ("shopper", "saga", "Saga Lindroos"),
    ("administrator", "admin", "Helmi Ahonen"),
];

const RETAIL: &str = "retail-store-visit";
const RESTAURANT: &str = "restaurant-visit";
const REMOTE: &str = "remote-service-contact";

const STORE_PHOTOS: &[(&str, &str)] = &[
    ("photo_entrance", "Myymälän sisäänkäynti kadulta"),
    ("receipt_photo", "Kuitti ostoksesta"),
];
const ENTRANCE: &[(&str, &str)] = &[("photo_entrance", "Myymälän sisäänkäynti kadulta")];
const TABLE_PHOTOS: &[(&str, &str)] = &[
    ("photo_dish", "Pääruoka pöydässä"),
    ("receipt_photo", "Ravintolan kuitti"),
];
const CHAT: Option<(&str, &str)> = Some(("follow_up", "remote-chat-question-later"));
const PHONE: Option<(&str, &str)> = Some(("follow_up", "remote-phone-complaint-later"));

const PLANS: [Plan; 13] = [
    store(0, 0, "retail-warm", &[], STORE_PHOTOS),
    store(3, 0, "retail-hurried", &[("thanked", "no")], ENTRANCE),
    store(
        4,
        1,
        "retail-warm",
        &[("felt_heard", "4"), ("closing_question", "no")],
        STORE_PHOTOS,
    ),
    store(5, 1, "retail-disrespect", &[], STORE_PHOTOS),
    store(
        17,
        2,
        "retail-hurried",
        &[("time_to_notice", "40"), ("felt_hurry", "neither")],
        ENTRANCE,
    ),
    table(0, 2, "restaurant-pleasant", &[]),
    table(2, 0, "restaurant-recovered", &[]),
    table(
        3,
        1,
        "restaurant-pleasant",
        &[("recommendation", "no"), ("wait_food", "29.5")],
    ),
    table(
        5,
        2,
        "restaurant-recovered",
        &[("reaction_minutes", "9"), ("returned_to_check", "no")],
    ),
    table(
        6,
        0,
        "restaurant-pleasant",
        &[("check_in", "passing"), ("food_temperature", "3")],
    ),
    contact(1, 1, "remote-chat-question", &[], CHAT),
    contact(6, 2, "remote-phone-complaint", &[], PHONE),
    contact(
        9,
        0,
        "remote-chat-question",
        &[("first_reply_chat", "0.5"), ("tone_text", "5")],
        CHAT,
    ),
];

const fn store(
    location: usize,
    shopper: usize,
    answers: &'static str,
    changes: &'static [(&'static str, &'static str)],
    photos: &'static [(&'static str, &'static str)],
) -> Plan {
    Plan {
        checklist: RETAIL,
        location,
        shopper,
        answers,
        changes,
        moment: Some(("arrival_time", 1)),
        photos,
        later: None,
    }
}

const fn table(
    location: usize,
    shopper: usize,
    answers: &'static str,
    changes: &'static [(&'static str, &'static str)],
) -> Plan {
    Plan {
        checklist: RESTAURANT,
        location,
        shopper,
        answers,
        changes,
        moment: None,
        photos: TABLE_PHOTOS,
        later: None,
    }
}

const fn contact(
    location: usize,
    shopper: usize,
    answers: &'static str,
    changes: &'static [(&'static str, &'static str)],
    later: Option<(&'static str, &'static str)>,
) -> Plan {
    Plan {
        checklist: REMOTE,
        location,
        shopper,
        answers,
        changes,
        moment: Some(("contact_started", 3)),
        photos: &[],
        later,
    }
}

impl Agency {
    /// Everybody who can sign in.
    pub(super) fn people(&self) -> &[Person] {
        &self.people
    }

    /// The shoppers.
    pub(super) fn shoppers(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(|person| person.role == "shopper")
    }

    /// Signs in as the first person with a role.
    pub(super) fn sign_in(&self, api: &Api, role: &str) -> Result<Session> {
        let person = self.people.iter().find(|person| person.role == role);
        let person = person.with_context(|| format!("nobody is {role}"))?;
        api.sign_in(&person.email, PASSWORD)
    }

    /// Signs in as each client's person.
    pub(super) fn sign_in_clients(&self, api: &Api) -> Result<Vec<Session>> {
        let clients = self
            .people
            .iter()
            .filter(|person| person.role == "client_manager");
        clients
            .map(|person| api.sign_in(&person.email, PASSWORD))
            .collect()
    }
}

/// Makes the whole agency.
pub(super) fn set_up(api: &Api, server: &Server, examples: &Path) -> Result<Agency> {
    let bar = progress("Setting up the agency", 5);
    let administrator = api.set_up(&json!({
        "code": server.setup_code()?, "agency_name": "Haamu Demo Oy", "email": "admin@haamu.example",
        "display_name": "Helmi Ahonen", "password": PASSWORD,
    }))?;
    let mut people = Vec::new();
    for (role, name, display_name) in PEOPLE {
        people.push(create_person(
            api,
            &administrator,
            role,
            name,
            display_name,
            None,
        )?);
    }
    bar.inc(1);
    let coordinator = api.sign_in("coordinator@haamu.example", PASSWORD)?;
    let stores = Client::create(
        api,
        &coordinator,
        "Lumikko Ulkoilu",
        &examples.join("locations-retail.csv"),
    )?;
    let restaurants = Client::create(
        api,
        &coordinator,
        "Ravintola Kajo",
        &examples.join("locations-restaurants.csv"),
    )?;
    people.push(create_person(
        api,
        &administrator,
        "client_manager",
        "lumikko",
        "Inka Salo",
        Some(&stores.id),
    )?);
    people.push(create_person(
        api,
        &administrator,
        "client_manager",
        "kajo",
        "Joel Berg",
        Some(&restaurants.id),
    )?);
    bar.inc(1);

    let mut rounds = Vec::new();
    for (client, name, checklist) in [
        (&stores, "Myymäläkäynnit", RETAIL),
        (&restaurants, "Ravintolakäynnit", RESTAURANT),
        (&stores, "Etäpalvelu", REMOTE),
    ] {
        let version = publish(
            api,
            &coordinator,
            &examples.join(format!("checklists/{checklist}.json")),
        )?;
        let round = open_round(api, &coordinator, &client.id, name, &version)?;
        rounds.push((checklist, client, round));
        bar.inc(1);
    }
    let mut visits = Vec::new();
    for (checklist, client, round) in &rounds {
        let plans = PLANS.iter().filter(|plan| plan.checklist == *checklist);
        visits.extend(assign(api, &coordinator, round, client, &people, plans)?);
    }
    bar.finish();
    Ok(Agency { people, visits })
}

fn create_person(
    api: &Api,
    administrator: &Session,
    role: &'static str,
    name: &str,
    display_name: &'static str,
    client: Option<&str>,
) -> Result<Person> {
    let email = format!("{name}@haamu.example");
    let mut person = Person {
        role,
        email,
        name: display_name,
        id: String::new(),
    };
    // The administrator came with the agency.
    if role != "administrator" {
        let body = json!({
            "email": person.email, "display_name": person.name, "password": PASSWORD,
            "role": role, "client_organisation": client,
        });
        person.id = text(&api.post(administrator, "users", &body)?, "id")?;
    }
    if role == "shopper" {
        let profile = json!({"born_on": "1990-05-17", "languages": ["fi", "sv"]});
        api.patch(
            administrator,
            &format!("shoppers/{}/profile", person.id),
            &profile,
        )?;
    }
    Ok(person)
}

/// A client organisation with its locations, in the order of the file.
struct Client {
    id: String,
    locations: Vec<(String, String)>,
}

impl Client {
    fn create(api: &Api, session: &Session, name: &str, file: &Path) -> Result<Self> {
        let created = api.post(session, "client-organisations", &json!({"name": name}))?;
        let id = text(&created, "id")?;
        let csv = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
        let path = format!("client-organisations/{id}/locations");
        api.post_text(session, &format!("{path}/import"), "text/csv", &csv)?;
        let listed = api.get(session, &path)?;
        let mut locations = Vec::new();
        for location in items(&listed)? {
            locations.push((
                text(location, "external_id")?,
                text(location, "id")?,
                text(location, "name")?,
            ));
        }
        locations.sort();
        let locations = locations.into_iter().map(|(_, id, name)| (id, name)).collect();
        Ok(Self { id, locations })
    }
}

/// Publishes a checklist and returns the id of its version.
fn publish(api: &Api, session: &Session, file: &Path) -> Result<String> {
    let document = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let created = api.post_text(session, "checklists", "application/json", &document)?;
    let id = text(&created, "id")?;
    api.post(session, &format!("checklist-versions/{id}/publish"), &Value::Null)?;
    Ok(id)
}

/// Opens an active programme with a round around today.
fn open_round(api: &Api, session: &Session, client: &str, name: &str, version: &str) -> Result<String> {
    let today = today()?;
    let programme = json!({
        "client_organisation": client, "name": name, "purpose": "develop_service", "release_delay_hours": 0,
    });
    let programme = text(&api.post(session, "programmes", &programme)?, "id")?;
    let notice = json!({
        "informed_on": today.saturating_sub(20.days()).to_string(), "audience": "koko henkilöstö",
        "channel": "henkilöstötiedote",
        "text": "Palveluamme arvioidaan tänä vuonna asiakkaan silmin. Tuloksia käytetään palvelun kehittämiseen.",
    });
    api.post(session, &format!("programmes/{programme}/staff-notices"), &notice)?;
    api.post(session, &format!("programmes/{programme}/activate"), &Value::Null)?;
    let round = json!({
        "name": format!("{name}, {}", today.strftime("%-m/%Y")), "checklist_version": version,
        "starts_on": today.saturating_sub(7.days()).to_string(),
        "visit_by": today.saturating_add(7.days()).to_string(),
        "report_by": today.saturating_add(9.days()).to_string(),
        "counts_in": today.to_string(),
    });
    text(
        &api.post(session, &format!("programmes/{programme}/rounds"), &round)?,
        "id",
    )
}

fn assign<'a>(
    api: &Api,
    session: &Session,
    round: &str,
    client: &Client,
    people: &[Person],
    plans: impl Iterator<Item = &'static Plan> + 'a,
) -> Result<Vec<PlannedVisit>> {
    let plans: Vec<_> = plans.collect();
    let shoppers: Vec<_> = people.iter().filter(|person| person.role == "shopper").collect();
    let wanted: Vec<_> = plans
        .iter()
        .map(|plan| json!({"location": client.locations[plan.location].0, "shopper": shoppers[plan.shopper].id}))
        .collect();
    let created = api.post(
        session,
        &format!("rounds/{round}/visits"),
        &json!({"visits": wanted}),
    )?;
    let visits = items(&created)?.iter().zip(plans).map(|(visit, plan)| {
        Ok(PlannedVisit {
            id: text(visit, "id")?,
            shopper_email: shoppers[plan.shopper].email.clone(),
            location: client.locations[plan.location].1.clone(),
            plan,
        })
    });
    visits.collect()
}

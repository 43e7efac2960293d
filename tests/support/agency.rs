//! Agencies with one person in every role, and what their coordinator plans.

use axum::http::Method;
use haamu_app::Hashing;
use haamu_domain::panel::Profile;
use haamu_domain::{AgencyId, ClientOrganisationId, LocalDate, Role, Timestamp, UserId};
use haamu_store::repo::agencies;
use haamu_store::repo::clients::{self, ClientOrganisation};
use haamu_store::repo::identity::{self, Membership, User};
use haamu_store::repo::panel::{self, ProfileRecord};
use haamu_store::{Db, Reach, StoreError, Tx};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::TestServer;

/// Everybody's password.
pub const PASSWORD: &str = "haamu-demo-only";
/// Its hash; hashing anew for each person would take most of a test's time.
const PASSWORD_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$j7wiyZE3+ErkaZoiIW9Omg$Vsj/cLVl0Ur+3LQKjDNICDIdXVf8+mqJcyk0oet/AVY";
/// The shoppers' family name; reports must not show it.
pub const SHOPPER_NAME: &str = "Virtasaari";

/// The hash with the least work that there is, for whoever signs in a thousand times.
const CHEAP_PASSWORD_HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$Bejluco6RzxMO60yfoPsOA$qZqfSIWxCQ3i21wrZm2iBL8dqRUlwDNrW1NEYD0ofJQ";

/// How passwords are hashed with the least work that there is.
pub(crate) const CHEAP_HASHING: Hashing = Hashing {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};

/// Where the ids of people and agencies come from, and how their passwords are kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Origin {
    /// The next id; random where there is none.
    next: Option<u128>,
}

impl Origin {
    /// Always the same people, whose passwords are soon checked.
    #[must_use]
    pub const fn fixed() -> Self {
        Self { next: Some(1) }
    }

    fn id(&mut self) -> Uuid {
        let id = self.next.unwrap_or_else(rand::random);
        self.next = self.next.map(|next| next + 1);
        Uuid::from_u128(id)
    }

    const fn password_hash(self) -> &'static str {
        match self.next {
            Some(_) => CHEAP_PASSWORD_HASH,
            None => PASSWORD_HASH,
        }
    }
}

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their id.
    pub id: Uuid,
    /// Their e-mail address.
    pub email: String,
}

/// An agency with its people.
#[derive(Clone, Debug)]
pub struct TestAgency {
    /// Its id.
    pub id: AgencyId,
    /// One person of each role.
    people: Vec<(Role, Person)>,
    /// A second shopper.
    pub other_shopper: Person,
    /// The client organisation of its client's people.
    pub client: ClientOrganisationId,
    /// Another client organisation.
    pub other_client: ClientOrganisationId,
    /// The client manager of the other client organisation.
    pub other_manager: Person,
}

impl TestAgency {
    /// The person with a role.
    #[must_use]
    pub fn person(&self, role: Role) -> &Person {
        let found = self.people.iter().find(|(of, _)| *of == role);
        &found.expect("one person of each role").1
    }

    /// The coordinator.
    #[must_use]
    pub fn coordinator(&self) -> &Person {
        self.person(Role::Coordinator)
    }

    /// The reviewer.
    #[must_use]
    pub fn reviewer(&self) -> &Person {
        self.person(Role::Reviewer)
    }

    /// The shopper.
    #[must_use]
    pub fn shopper(&self) -> &Person {
        self.person(Role::Shopper)
    }

    /// The client's manager.
    #[must_use]
    pub fn manager(&self) -> &Person {
        self.person(Role::ClientManager)
    }
}

/// Puts an agency into the database.
pub(crate) async fn insert(db: &Db, name: &str, origin: &mut Origin, now: Timestamp) -> TestAgency {
    let password_hash = origin.password_hash();
    let (id, client, other_client) = (origin.id(), origin.id(), origin.id());
    let mut person = |who: &str| Person {
        id: origin.id(),
        email: format!("{who}@{name}.example"),
    };
    let agency = TestAgency {
        id: AgencyId::from_uuid(id),
        people: Role::ALL
            .iter()
            .map(|role| (*role, person(role.as_str())))
            .collect(),
        other_shopper: person("other-shopper"),
        client: ClientOrganisationId::from_uuid(client),
        other_client: ClientOrganisationId::from_uuid(other_client),
        other_manager: person("other-manager"),
    };
    let all = &agency;
    db.write(Reach::Agency(all.id), |tx: Tx| async move {
        let tx = &tx;
        agencies::insert(tx, all.id, &format!("Agency {name}"), now).await?;
        for (id, client) in [(all.client, "Client"), (all.other_client, "Other client")] {
            let client = ClientOrganisation {
                id,
                name: format!("{client} {name}"),
                row_version: 1,
            };
            clients::insert(tx, all.id, &client, now).await?;
        }
        let mut members: Vec<(Role, &Person, ClientOrganisationId)> = Vec::new();
        members.extend(
            all.people
                .iter()
                .map(|(role, person)| (*role, person, all.client)),
        );
        members.push((Role::Shopper, &all.other_shopper, all.client));
        members.push((Role::ClientManager, &all.other_manager, all.other_client));
        for (role, person, client) in members {
            let member = Membership {
                agency: all.id,
                user: UserId::from_uuid(person.id),
                role,
                client_organisation: role.is_client().then_some(client),
                disabled_at: None,
            };
            insert_person(tx, person, &member, password_hash, now).await?;
        }
        Ok::<(), StoreError>(())
    })
    .await
    .expect("an agency");
    agency
}

async fn insert_person(
    tx: &Tx,
    person: &Person,
    member: &Membership,
    password_hash: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let given = person.email.split('@').next().unwrap_or_default();
    let user = User {
        id: member.user,
        email: person.email.clone(),
        display_name: format!("{given} {SHOPPER_NAME}"),
        password_hash: Some(password_hash.to_owned()),
        disabled_at: None,
        email_verified_at: None,
        language: None,
    };
    identity::insert_user(tx, &user, now).await?;
    identity::insert_membership(tx, member, now).await?;
    if member.role == Role::Shopper {
        let profile = ProfileRecord {
            user: user.id,
            external_id: None,
            profile: Profile {
                born_on: LocalDate::parse("1990-05-17"),
                ..Profile::unknown()
            },
            row_version: 0,
        };
        panel::put_profile(tx, member.agency, &profile, now).await?;
    }
    Ok(())
}

/// How a programme is opened.
#[derive(Clone, Copy, Debug)]
pub struct ProgrammeOptions {
    /// Hours between approval and release.
    pub release_delay_hours: u32,
    /// The number of staff on shift at the location.
    pub staff_on_shift: u32,
}

impl Default for ProgrammeOptions {
    fn default() -> Self {
        Self {
            release_delay_hours: 0,
            staff_on_shift: 8,
        }
    }
}

/// One visit with everything around it, by ids.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The location.
    pub location: String,
    /// The checklist version.
    pub version: String,
    /// The programme.
    pub programme: String,
    /// The round.
    pub round: String,
    /// The visit.
    pub visit: String,
    /// The assignment to the shopper.
    pub assignment: String,
    /// The submission of the assignment.
    pub submission: String,
}

/// A checklist that is soon filled in: an unscored moment, a critical scored
/// item, a scored choice, a photo, and a narrative.
#[must_use]
pub fn small_checklist() -> Value {
    let text = |fi: &str, en: &str| json!({"fi": fi, "en": en});
    json!({
        "format": "haamu-checklist/1", "id": "small-visit", "version": 1,
        "title": text("Pieni käynti", "Small visit"),
        "languages": ["fi", "en"], "default_language": "fi",
        "channel": "on_site", "visit_kind": "mystery_visit", "estimated_minutes": 5,
        "scenario": text("Käy ja katso.", "Go and see."),
        "scoring": {"mode": "section_weight", "unanswered": "exclude", "cap_bonus": true,
            "display_decimals": 1, "rounding": "half_up", "band_on": "displayed",
            "bands": [{"id": "good", "min": "75", "label": text("Hyvä", "Good")},
                      {"id": "poor", "min": "0", "label": text("Heikko", "Poor")}]},
        "touchpoints": [
            {"id": "door", "impact": 3, "phase": "before", "label": text("Ovi", "Door")},
            {"id": "desk", "impact": 3, "phase": "during", "label": text("Tiski", "Desk")},
            {"id": "home", "impact": 3, "phase": "after", "label": text("Kotona", "At home")}],
        "themes": [{"id": "friendliness", "label": text("Ystävällisyys", "Friendliness")}],
        "sections": [
            {"id": "visit", "title": text("Käynti", "Visit"), "weight": "100", "questions": [
                {"id": "arrived", "type": "datetime", "perspective": "fact", "touchpoint": "door",
                 "required": true, "text": text("Milloin saavuit?", "When did you arrive?")},
                {"id": "greeted", "type": "yes_no", "perspective": "staff_behaviour", "touchpoint": "desk",
                 "theme": "friendliness", "required": true, "points": "3", "good_answer": "yes",
                 "text": text("Tervehdittiinkö sinua?", "Were you greeted?")},
                {"id": "helped", "type": "single_choice", "perspective": "staff_behaviour", "touchpoint": "desk",
                 "theme": "friendliness", "required": true, "points": "5",
                 "text": text("Miten sinua autettiin?", "How were you helped?"),
                 "options": [
                    {"id": "well", "points": "5", "text": text("Hyvin", "Well")},
                    {"id": "some", "points": "2", "text": text("Vähän", "A little")},
                    {"id": "not", "points": "0", "text": text("Ei lainkaan", "Not at all")}]},
                {"id": "insulted", "type": "yes_no", "perspective": "staff_behaviour", "touchpoint": "desk",
                 "theme": "friendliness", "required": true, "points": "2", "good_answer": "no",
                 "critical": {"effect": "visit_cap", "cap": "40"},
                 "text": text("Loukattiinko sinua?", "Were you insulted?")},
                {"id": "door_photo", "type": "photo", "perspective": "environment", "touchpoint": "door",
                 "required": false, "text": text("Kuva ovesta", "Photo of the door"),
                 "photo": {"max_count": 3, "people_in_frame": "forbidden", "strip_metadata": true}}]},
            {"id": "after", "title": text("Jälkeen", "Afterwards"), "weight": "0", "questions": [
                {"id": "story", "type": "text", "perspective": "fact", "touchpoint": "home", "required": true,
                 "min_chars": 10, "max_chars": 2000, "text": text("Kerro käynnistä", "Tell about the visit")}]}]
    })
}

/// [`small_checklist`] with a section that is filled in for each staff member, a value that is worked out
/// of it, and a question that checks the shopper's care.
#[must_use]
pub fn repeated_checklist() -> Value {
    let text = |fi: &str, en: &str| json!({"fi": fi, "en": en});
    let mut document = small_checklist();
    document["format_minor"] = json!(1);
    let sections = document["sections"].as_array_mut().expect("sections");
    sections[0]["weight"] = json!("60");
    let staff = json!({"id": "staff", "title": text("Henkilökunta", "Staff"), "weight": "40",
        "repeat": {"min": 1, "max": 4, "label": text("Myyjä", "Staff member")}, "questions": [
            {"id": "polite", "type": "yes_no", "perspective": "staff_behaviour", "touchpoint": "desk", "points": "1",
             "required": true, "text": text("Oliko myyjä kohtelias?", "Was the staff member polite?")},
            {"id": "badge_photo", "type": "photo", "perspective": "environment", "touchpoint": "desk",
             "text": text("Kuva kyltistä", "Photo of the sign")}]});
    let end = json!({"id": "end", "title": text("Lopuksi", "Finally"), "weight": "0", "questions": [
        {"id": "met", "type": "calculated", "perspective": "fact", "touchpoint": "desk", "decimals": 0,
         "calculation": {"count_instances": "staff"}, "text": text("Montako myyjää tavattiin", "Staff members met")},
        {"id": "wall", "type": "text", "perspective": "fact", "touchpoint": "door", "integrity": true,
         "text": text("Minkä värinen oviseinä oli?", "What colour was the wall by the door?")}]});
    sections.extend([staff, end]);
    document
}

/// Answers to [`small_checklist`], but for the moment.
#[must_use]
pub fn small_answers() -> Vec<(&'static str, &'static str)> {
    vec![
        ("arrived", "\"2026-11-20T13:37\""),
        ("greeted", "\"yes\""),
        ("helped", "\"some\""),
        ("insulted", "\"no\""),
        ("story", "\"Ovi oli auki ja tiskillä hymyiltiin.\""),
    ]
}

impl TestServer {
    /// A planned visit of the shopper of an agency, under [`small_checklist`].
    pub async fn plan(&self, agency: &TestAgency, options: ProgrammeOptions) -> Scene {
        self.plan_with(agency, options, &small_checklist()).await
    }

    /// A planned visit of the shopper of an agency, under a checklist.
    pub async fn plan_with(
        &self,
        agency: &TestAgency,
        options: ProgrammeOptions,
        checklist: &Value,
    ) -> Scene {
        let location = self.import_location(agency, options.staff_on_shift).await;
        let version = self.publish(agency, checklist).await;
        let (programme, round) = self
            .open_round(agency, &version, options.release_delay_hours)
            .await;
        self.plan_visit(agency, location, version, programme, round).await
    }

    /// A planned visit like [`TestServer::plan`], in whichever round there is.
    pub async fn plan_again(&self, agency: &TestAgency) -> Scene {
        let listed = self
            .get("/v1/programmes")
            .by(agency.coordinator())
            .await
            .send()
            .await
            .ok();
        if listed["items"].as_array().is_none_or(Vec::is_empty) {
            return self.plan(agency, ProgrammeOptions::default()).await;
        }
        let programme = text(&listed["items"][0]["id"]);
        let rounds = self.get(&format!("/v1/programmes/{programme}/rounds"));
        let rounds = rounds.by(agency.coordinator()).await.send().await.ok();
        let round = text(&rounds["items"][0]["id"]);
        let version = text(&rounds["items"][0]["checklist_version"]);
        let path = format!("/v1/client-organisations/{}/locations", agency.client);
        let listed = self.get(&path).by(agency.coordinator()).await.send().await.ok();
        let location = text(&listed["items"][0]["id"]);
        self.plan_visit(agency, location, version, programme, round).await
    }

    /// A planned visit of the shopper of an agency to a location, in a round.
    pub async fn plan_visit(
        &self,
        agency: &TestAgency,
        location: String,
        version: String,
        programme: String,
        round: String,
    ) -> Scene {
        let body = json!({"visits": [{"location": location, "shopper": agency.shopper().id}]});
        let planned = self.post(&format!("/v1/rounds/{round}/visits"), body);
        let planned = planned.by(agency.coordinator()).await.send().await.created();
        let visit = &planned["items"][0];
        Scene {
            location,
            version,
            programme,
            round,
            visit: text(&visit["id"]),
            assignment: text(&visit["assignment"]["id"]),
            submission: text(&visit["assignment"]["submission"]),
        }
    }

    /// A location of the agency's client, with an address and coordinates.
    pub async fn import_location(&self, agency: &TestAgency, staff_on_shift: u32) -> String {
        let csv = format!(
            "external_id,name,address,postal_code,city,country,latitude,longitude,time_zone,typical_staff_on_shift\n\
             T1,Myymälä Kallio,Torikatu 7,00530,Helsinki,FI,60.184321,24.950123,Europe/Helsinki,{staff_on_shift}\n"
        );
        let path = format!("/v1/client-organisations/{}/locations", agency.client);
        let import = self.request(Method::POST, &format!("{path}/import"));
        let _ = import
            .body("text/csv", csv)
            .by(agency.coordinator())
            .await
            .send()
            .await
            .ok();
        let listed = self.get(&path).by(agency.coordinator()).await.send().await.ok();
        text(&listed["items"][0]["id"])
    }

    /// A published version of a checklist.
    pub async fn publish(&self, agency: &TestAgency, document: &Value) -> String {
        let coordinator = agency.coordinator();
        let created = self
            .post("/v1/checklists", document.clone())
            .by(coordinator)
            .await
            .send()
            .await;
        let version = text(&created.created()["id"]);
        let path = format!("/v1/checklist-versions/{version}/publish");
        let _ = self
            .post(&path, Value::Null)
            .by(coordinator)
            .await
            .send()
            .await
            .ok();
        version
    }

    /// An active programme of the agency's client, and a round of it around the start of the test.
    pub async fn open_round(
        &self,
        agency: &TestAgency,
        version: &str,
        release_delay_hours: u32,
    ) -> (String, String) {
        let coordinator = agency.coordinator();
        let programme = json!({"client_organisation": agency.client.uuid(), "name": "Ohjelma",
            "purpose": "develop_service", "release_delay_hours": release_delay_hours});
        let created = self
            .post("/v1/programmes", programme)
            .by(coordinator)
            .await
            .send()
            .await
            .created();
        let programme = text(&created["id"]);
        let path = format!("/v1/programmes/{programme}");
        let notice = json!({"informed_on": "2026-10-01", "audience": "kaikki", "channel": "tiedote", "text": "Arvioidaan."});
        let notices = format!("{path}/staff-notices");
        let _ = self
            .post(&notices, notice)
            .by(coordinator)
            .await
            .send()
            .await
            .created();
        let _ = self
            .post(&format!("{path}/activate"), Value::Null)
            .by(coordinator)
            .await
            .send()
            .await
            .ok();
        // The suites send the same shoppers to the same few places again and again.
        let rules = json!({"rotation_days": 0, "location_visits_per_day": 1000, "respond_hours": 1000});
        let rules = self
            .request(Method::PUT, &format!("{path}/field-rules"))
            .json(&rules);
        let _ = rules.by(coordinator).await.send().await.ok();
        let round = json!({"name": "Kierros", "checklist_version": version, "starts_on": "2026-11-16",
            "visit_by": "2026-11-29", "report_by": "2026-12-01", "counts_in": "2026-11-30"});
        let created = self
            .post(&format!("{path}/rounds"), round)
            .by(coordinator)
            .await
            .send()
            .await
            .created();
        (programme, text(&created["id"]))
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

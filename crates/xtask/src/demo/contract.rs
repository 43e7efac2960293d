//! The demo's server and agency, for a check that sends requests of every kind.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::api::Api;
use super::server::Server;
use super::{PASSWORD, agency, fieldwork, results};

/// Whoever sends requests of every kind is refused because of the requests, and never because there are many. The
/// passwords are kept with the least work that the server allows: there are many of them too.
const SETTINGS: &[(&str, &str)] = &[
    ("HAAMU_PUBLIC_PER_MINUTE", "0"),
    ("HAAMU_CREDENTIALS_PER_MINUTE", "0"),
    ("HAAMU_ARGON2_MEMORY_KIB", "8192"),
    ("HAAMU_ARGON2_PASSES", "1"),
    ("HAAMU_ACCESS_TOKEN_MINUTES", "120"),
];
/// So many visits have a report; the others wait for a reviewer.
const RELEASED: usize = 6;

/// A server with work in every state; it ends with this value.
#[derive(Debug)]
pub(crate) struct ContractScene {
    server: Server,
    people: Map<String, Value>,
}

impl ContractScene {
    /// Starts the server with its data below `folder`, and lets visits be planned, made and reviewed.
    pub(crate) fn start(haamu: &Path, folder: &Path, examples: &Path) -> Result<Self> {
        let server = Server::start_with(haamu, folder, SETTINGS)?;
        let api = Api::new(server.address());
        let agency = agency::set_up(&api, &server, examples)?;
        let devices = fieldwork::enrol(haamu, folder, &api, &agency)?;
        fieldwork::evaluate(&devices, &agency, folder, examples)?;
        fieldwork::sync(&devices)?;
        results::release_first(&api, &agency, RELEASED)?;
        let mut people = Map::new();
        for person in agency.people() {
            people.entry(person.role).or_insert_with(|| json!(person.email));
        }
        Ok(Self { server, people })
    }

    /// Where the server is, who there is by role, and their password, as the hooks of the check read it.
    pub(crate) fn description(&self) -> Value {
        json!({"server": self.url(), "people": self.people, "password": PASSWORD})
    }

    /// The server's address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// Stops the server in good order, as it must after whatever was asked of it.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.server.stop().context("after the last request")
    }
}

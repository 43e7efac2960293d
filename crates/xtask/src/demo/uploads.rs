//! The demo's server and agency, for a check that sends files.

use std::path::Path;

use anyhow::Result;

use super::api::{Api, text};
use super::server::Server;
use super::{PASSWORD, agency};

/// A server with shoppers who have files to send; it ends with this value.
#[derive(Debug)]
pub(crate) struct UploadScene {
    server: Server,
    api: Api,
    senders: Vec<Sender>,
}

/// A shopper with a submission.
#[derive(Debug)]
pub(crate) struct Sender {
    session: super::api::Session,
    submission: String,
}

impl UploadScene {
    /// Starts the server with its data below `folder`, and plans visits.
    pub(crate) fn start(haamu: &Path, folder: &Path, examples: &Path) -> Result<Self> {
        let server = Server::start(haamu, folder)?;
        let api = Api::new(server.address());
        let agency = agency::set_up(&api, &server, examples)?;
        let coordinator = api.sign_in("coordinator@haamu.example", PASSWORD)?;
        let mut senders = Vec::new();
        for visit in &agency.visits {
            let planned = api.get(&coordinator, &format!("visits/{}", visit.id))?;
            senders.push(Sender {
                session: api.sign_in(&visit.shopper_email, PASSWORD)?,
                submission: text(&planned["assignment"], "submission")?,
            });
        }
        Ok(Self { server, api, senders })
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        self.server.address()
    }

    /// Who can send files, each for another submission.
    pub(crate) fn senders(&self) -> &[Sender] {
        &self.senders
    }

    /// The receipt of a file that was sent.
    pub(crate) fn receipt(&self, sender: &Sender, sha256: &str) -> Result<String> {
        let path = format!("blobs/{sha256}/receipt?submission={}", sender.submission);
        self.api.get_text(&sender.session, &path)
    }
}

impl Sender {
    /// An access token.
    pub(crate) fn token(&self) -> &str {
        self.session.token()
    }

    /// The submission.
    pub(crate) fn submission(&self) -> &str {
        &self.submission
    }
}

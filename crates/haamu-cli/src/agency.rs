//! `haamu agency`: the agencies of an installation.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use haamu_form::Language;
use haamu_server::InvitedAdministrator;
use uuid::Uuid;

use crate::serve::ConfigArgs;
use crate::terminal;

/// Add agencies to the installation, and list them.
///
/// The first agency is made with the set-up code that the server prints at its first start. Servers may run meanwhile.
#[derive(Args, Debug)]
pub(crate) struct AgencyArgs {
    #[command(subcommand)]
    command: AgencyCommand,
}

#[derive(Debug, Subcommand)]
enum AgencyCommand {
    /// Add an agency, and invite its first administrator by mail.
    Add(AddArgs),
    /// Invite somebody by mail to run an agency that has no administrator.
    Invite(InviteArgs),
    /// List the agencies: id, day of its making, administrators, name.
    List(ConfigArgs),
}

/// The agency and its first administrator.
#[derive(Args, Debug)]
struct AddArgs {
    /// The name of the agency.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    administrator: AdministratorArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

/// The agency, and who is to run it.
#[derive(Args, Debug)]
struct InviteArgs {
    /// The id of the agency, as `haamu agency list` prints it.
    #[arg(long, value_name = "ID")]
    agency: Uuid,
    #[command(flatten)]
    administrator: AdministratorArgs,
    #[command(flatten)]
    config: ConfigArgs,
}

/// Who is to run an agency.
#[derive(Args, Debug)]
struct AdministratorArgs {
    /// The e-mail address of its first administrator. Whoever has an account already joins with it.
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// The language of the invitation: fi, sv or en. If it is absent, it is the language of the server's mails.
    #[arg(long, value_parser = parse_language)]
    language: Option<Language>,
}

fn parse_language(text: &str) -> Result<Language, String> {
    Language::from_tag(text).ok_or_else(|| "one of fi, sv, en".to_owned())
}

pub(crate) fn run(arguments: &AgencyArgs) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    runtime.block_on(async {
        match &arguments.command {
            AgencyCommand::Add(given) => {
                let config = given.config.load(None)?;
                let AdministratorArgs { email, language } = &given.administrator;
                let invited = haamu_server::add_agency(&config, &given.name, email, *language).await?;
                terminal::line(&format!("Agency {} was added.", invited.agency))?;
                tell(&invited)
            }
            AgencyCommand::Invite(given) => {
                let config = given.config.load(None)?;
                let AdministratorArgs { email, language } = &given.administrator;
                let invited =
                    haamu_server::invite_administrator(&config, given.agency, email, *language).await?;
                tell(&invited)
            }
            AgencyCommand::List(config) => list(&haamu_server::list_agencies(&config.load(None)?).await?),
        }
    })
}

fn tell(invited: &InvitedAdministrator) -> Result<ExitCode> {
    terminal::line(&format!(
        "An invitation goes to {} as soon as a server process runs; it is good until {}.",
        invited.email, invited.expires_at
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn list(agencies: &[haamu_server::Agency]) -> Result<ExitCode> {
    if agencies.is_empty() {
        terminal::line("There is no agency yet.")?;
    }
    for agency in agencies {
        let day = agency.created_at.split('T').next().unwrap_or_default();
        terminal::line(&format!(
            "{}  {day}  {:>3} administrators  {}",
            agency.id, agency.administrators, agency.name
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

//! The program `haamu`.
//!
//! Exit codes: 0 for success, 1 if what was asked for could not be done, 2 if
//! the call cannot be used.

mod agency;
mod checklist;
mod custody;
mod device;
mod keys;
mod known;
mod purge;
mod receipt;
mod score;
mod serve;
mod terminal;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Open-source mystery shopping: server, scoring, checklists and devices.
#[derive(Debug, Parser)]
#[command(name = "haamu", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and do background jobs.
    Serve(serve::ServeArgs),
    /// Do background jobs only, beside processes that serve.
    Worker(serve::ConfigArgs),
    /// Bring the database schema up to date, and end.
    Migrate(serve::ConfigArgs),
    /// Add agencies to the installation, and list them.
    Agency(agency::AgencyArgs),
    /// Print the OpenAPI document of the API.
    Openapi,
    /// Print a commented configuration file.
    Config,
    /// Score answers to a checklist.
    Score(score::ScoreArgs),
    /// Work with checklist documents.
    Checklist(checklist::ChecklistArgs),
    /// Work as a shopper's device; all but login, pull and sync needs no network.
    Device(device::DeviceArgs),
    /// Check custody receipts of files.
    Receipt(receipt::ReceiptArgs),
    /// Tell devices what is safe in a backup.
    Custody(custody::CustodyArgs),
    /// Delete what is kept no longer, now rather than in the next night.
    Purge(purge::PurgeArgs),
    /// Rotate the server's own keys.
    Keys(keys::KeysArgs),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Serve(arguments) => serve::serve(&arguments),
        Command::Worker(arguments) => serve::worker(&arguments),
        Command::Migrate(arguments) => serve::migrate(&arguments),
        Command::Agency(arguments) => agency::run(&arguments),
        Command::Openapi => terminal::print(haamu_server::openapi_document()),
        Command::Config => terminal::print(&haamu_server::example_file()),
        Command::Score(arguments) => score::run(&arguments),
        Command::Checklist(arguments) => checklist::run(&arguments),
        Command::Device(arguments) => device::run(&arguments),
        Command::Receipt(arguments) => receipt::run(&arguments),
        Command::Custody(arguments) => custody::run(&arguments),
        Command::Purge(arguments) => purge::run(&arguments),
        Command::Keys(arguments) => keys::run(&arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::FAILURE
        }
    }
}

//! `haamu device`: a shopper's device on the command line.
//!
//! Its whole state is in one SQLite file with a folder of photos beside it.
//! Every command opens it, does one thing, and ends; what a command reported as
//! saved survives whatever happens next.

mod answers;
mod commands;
mod custody;
mod key;
mod promise;
mod queue;
mod show;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use haamu_client::native::{HttpTransport, NativePlatform};
use haamu_client::{Battery, Connection, Device, Surroundings, stored_server};
use haamu_client_sqlite::{FolderFiles, SqliteStore, files_folder};
use haamu_domain::LocalDate;
use haamu_form::Language;

use words::Words;

/// The build that is reported to the server.
const BUILD: &str = concat!("haamu-cli/", env!("CARGO_PKG_VERSION"));
/// The address for commands that need no server, before anybody has signed in.
const NO_SERVER: &str = "http://127.0.0.1:8080";

/// A shopper's device.
#[derive(Args, Debug)]
pub(crate) struct DeviceArgs {
    /// The device's database; photos are kept in a folder beside it.
    #[arg(
        long,
        env = "HAAMU_DEVICE",
        default_value = "haamu-device.sqlite",
        value_name = "FILE",
        global = true
    )]
    store: PathBuf,
    /// Keep everything on this device encrypted, under the key in this file: 64 hexadecimal digits.
    ///
    /// A new device makes the file. Keep it apart from the database; without it,
    /// nothing that was not sent can be read any more.
    #[arg(long, env = "HAAMU_DEVICE_KEY_FILE", value_name = "FILE", global = true)]
    key_file: Option<PathBuf>,
    /// Language of messages and questions: fi, sv or en.
    #[arg(long, env = "HAAMU_LANG", default_value = "en", value_parser = parse_language, global = true)]
    lang: Language,
    #[command(subcommand)]
    command: DeviceCommand,
}

#[derive(Debug, Subcommand)]
enum DeviceCommand {
    /// Sign in; the password is read from HAAMU_PASSWORD, or from standard input.
    Login {
        /// The server's address, such as `https://haamu.example`.
        #[arg(long, value_name = "URL")]
        server: String,
        /// The shopper's e-mail address.
        #[arg(long)]
        email: String,
    },
    /// Fetch visits (and send what waits), and list them.
    Pull,
    /// List the visits on this device.
    List,
    /// Show a visit: what is asked, what is answered, and the score so far.
    Show {
        /// The visit's number in the list, or its id.
        visit: String,
    },
    /// Accept a visit that is offered to you.
    ///
    /// With it you declare that neither you nor anybody near to you works at the place, or has another tie to it.
    Accept {
        /// The visit's number in the list, or its id.
        visit: String,
        /// The day on which you go, such as 2026-11-28.
        #[arg(long, value_name = "DATE", value_parser = parse_date)]
        on: Option<LocalDate>,
    },
    /// Record an answer, a comment, or many of both from a file.
    Answer {
        /// The visit's number in the list, or its id.
        visit: String,
        /// The question's id; in a repeated section with the instance, such as `staff[0].greeted`.
        #[arg(required_unless_present = "file")]
        question: Option<String>,
        /// The answer: an option id, yes or no, a number, words; several option ids
        /// with commas; na, not_observed; or JSON.
        #[arg(allow_hyphen_values = true)]
        value: Option<String>,
        /// A comment on the answer.
        #[arg(long)]
        comment: Option<String>,
        /// A file `{"answers": {…}, "comments": {…}}`.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["question", "value", "comment"])]
        file: Option<PathBuf>,
    },
    /// Add an instance to a section that is filled in several times.
    Add {
        /// The visit's number in the list, or its id.
        visit: String,
        /// The section's id.
        section: String,
    },
    /// Remove an instance with all that is in it, such as `staff[0]`.
    Remove {
        /// The visit's number in the list, or its id.
        visit: String,
        /// The instance as it is shown.
        instance: String,
    },
    /// Add a photo to a question, or take its photos away.
    Photo {
        /// The visit's number in the list, or its id.
        visit: String,
        /// The question's id.
        question: String,
        /// A JPEG, PNG or WebP picture, or a PDF document.
        #[arg(required_unless_present = "remove")]
        file: Option<PathBuf>,
        /// Take all photos of the question away instead.
        #[arg(long, conflicts_with_all = ["file", "caption"])]
        remove: bool,
        /// What the photo shows, for readers who do not see it.
        #[arg(long)]
        caption: Option<String>,
    },
    /// Hand the evaluation in; it is sent with the next sync.
    Submit {
        /// The visit's number in the list, or its id.
        visit: String,
        /// `main`, or the id of a section that is filled in some days later.
        #[arg(long, default_value = "main")]
        stage: String,
        /// Hand it in although something is missing.
        #[arg(long)]
        force: bool,
    },
    /// Send what waits and receive what is new.
    Sync {
        /// Try again until everything is sent, at most so many seconds.
        #[arg(long, value_name = "SECONDS")]
        wait: Option<u64>,
        #[command(flatten)]
        around: Around,
    },
    /// Show what waits to be sent.
    Status,
    /// Show the queue of what waits, for each visit and photo.
    Queue {
        /// Go on sending and show how it goes, until Ctrl-C or until everything is sent.
        #[arg(long)]
        watch: bool,
        #[command(flatten)]
        around: Around,
    },
    /// Write the server's receipts of photos, one file for each, into a folder; without one, list them.
    Receipts {
        /// The folder; it is made if it is not there.
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
    },
    /// Make room: remove photos from this device that the server has had for seven days, and that a confirmed backup refers to.
    Free {
        /// All photos that the server has, also those of today.
        #[arg(long)]
        all: bool,
    },
    /// Write all work on this device, sent or not, into an archive. It is not encrypted.
    Export {
        /// The archive; there must be no such file yet.
        file: PathBuf,
    },
    /// Take over work that another device of the same person exported.
    Import {
        /// The archive.
        file: PathBuf,
    },
    /// Send what waits under the device's own key, when signing in is not possible any more.
    ///
    /// It takes no effect by itself: somebody at the agency decides about it.
    Deposit,
    /// Sign out. What has not been sent keeps you from it, unless you say what becomes of it.
    Logout {
        /// Leave unsent work on this device, for when you sign in again.
        #[arg(long, conflicts_with_all = ["erase", "export"])]
        keep: bool,
        /// Remove everything from this device, so that somebody else can work with it.
        #[arg(long)]
        erase: bool,
        /// Write all work into this archive before it is removed.
        #[arg(long, value_name = "FILE", requires = "erase")]
        export: Option<PathBuf>,
    },
}

/// What the device has around it.
#[derive(Args, Clone, Copy, Debug)]
struct Around {
    /// The network costs: photos wait for another one, as far as the operator says so.
    #[arg(long, env = "HAAMU_METERED")]
    metered: bool,
    /// The battery's charge in percent; with a low one only answers are sent.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    battery: Option<u8>,
    /// Send everything now, whatever that costs.
    #[arg(long)]
    everything: bool,
}

impl Around {
    /// Nothing in particular.
    const USUAL: Self = Self {
        metered: false,
        battery: None,
        everything: false,
    };

    fn surroundings(self) -> Surroundings {
        Surroundings {
            connection: if self.metered {
                Connection::Metered
            } else {
                Connection::Unmetered
            },
            battery: self.battery.map(|percent| Battery {
                percent,
                is_charging: false,
            }),
            send_everything: self.everything,
        }
    }
}

/// A device of this program.
type NativeDevice = Device<SqliteStore, FolderFiles, HttpTransport, NativePlatform>;

fn parse_language(text: &str) -> Result<Language, String> {
    Language::from_tag(text).ok_or_else(|| "one of fi, sv, en".to_owned())
}

fn parse_date(text: &str) -> Result<LocalDate, String> {
    LocalDate::parse(text).ok_or_else(|| "a date such as 2026-11-28".to_owned())
}

pub(crate) fn run(arguments: &DeviceArgs) -> Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the runtime")?;
    let words = Words::of(arguments.lang);
    runtime.block_on(async {
        let server = match &arguments.command {
            DeviceCommand::Login { server, .. } => Some(server.as_str()),
            _ => None,
        };
        let mut session = commands::Session {
            device: open(arguments, server).await?,
            words,
            language: arguments.lang,
        };
        let outcome = session.run(&arguments.command).await;
        if let Err(error) = &outcome
            && let Some(said) = show::error(error, words, arguments.lang)
        {
            crate::terminal::tell(&said);
        }
        outcome
    })
}

async fn open(arguments: &DeviceArgs, server: Option<&str>) -> Result<NativeDevice> {
    let folder = files_folder(&arguments.store);
    let (mut store, files) = match &arguments.key_file {
        None => (SqliteStore::open(&arguments.store)?, FolderFiles::open(&folder)?),
        Some(path) => {
            let key = key::read_or_make(path, &arguments.store)?;
            let store = SqliteStore::open_sealed(&arguments.store, &key)?;
            (store, FolderFiles::open_sealed(&folder, &key)?)
        }
    };
    let stored = stored_server(&mut store).await?;
    let server = server.map(str::to_owned).or(stored);
    let transport = HttpTransport::new(server.as_deref().unwrap_or(NO_SERVER), BUILD)?;
    Ok(Device::open(store, files, transport, NativePlatform::default(), BUILD).await?)
}

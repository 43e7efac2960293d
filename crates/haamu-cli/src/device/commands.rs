//! What each command of the device does.

use std::fs;
use std::io::{self, BufRead, IsTerminal};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use haamu_client::native::preview;
use haamu_client::{ClientError, Credentials, FieldVisit, FieldworkError, Notice, OpenVisit, Photo, Rest};
use haamu_domain::LocalDate;
use haamu_form::Language;

use crate::terminal;

use super::promise;
use super::show::{self, Progress};
use super::words::Words;
use super::{Around, DeviceCommand, NativeDevice};

/// A device at work.
pub(super) struct Session {
    pub(super) device: NativeDevice,
    pub(super) words: &'static Words,
    pub(super) language: Language,
}

impl Session {
    pub(super) async fn run(&mut self, command: &DeviceCommand) -> Result<ExitCode> {
        match command {
            DeviceCommand::Login { server, email } => self.login(server, email).await,
            DeviceCommand::Pull => {
                let code = self.sync(None, Around::USUAL).await?;
                self.list()?;
                Ok(code)
            }
            DeviceCommand::List => self.list(),
            DeviceCommand::Show { visit } => {
                let open = self.open(visit)?;
                terminal::print(&show::visit(&open, self.words, self.language))
            }
            DeviceCommand::Accept { visit, on } => self.accept(visit, *on).await,
            DeviceCommand::Answer {
                visit,
                file: Some(file),
                ..
            } => self.answer_file(visit, file).await,
            DeviceCommand::Answer {
                visit,
                question,
                value,
                comment,
                ..
            } => {
                let question = question.as_deref().unwrap_or_default();
                self.answer(visit, question, value.as_deref(), comment.as_deref())
                    .await
            }
            DeviceCommand::Add { visit, section } => self.add(visit, section).await,
            DeviceCommand::Remove { visit, instance } => self.remove(visit, instance).await,
            DeviceCommand::Photo {
                visit,
                question,
                file: Some(file),
                caption,
                ..
            } => self.photo(visit, question, file, caption.as_deref()).await,
            DeviceCommand::Photo { visit, question, .. } => self.remove_photos(visit, question).await,
            DeviceCommand::Submit { visit, stage, force } => self.submit(visit, stage, *force).await,
            DeviceCommand::Sync { wait, around } => self.sync(wait.map(Duration::from_secs), *around).await,
            DeviceCommand::Status => self.status(),
            DeviceCommand::Queue { watch: false, .. } => self.queue(),
            DeviceCommand::Queue { around, .. } => self.watch(*around).await,
            DeviceCommand::Receipts { to } => self.receipts(to.as_deref()),
            DeviceCommand::Free { all } => self.free(*all).await,
            DeviceCommand::Export { file } => self.export(file).await,
            DeviceCommand::Import { file } => self.import(file).await,
            DeviceCommand::Deposit => self.deposit().await,
            DeviceCommand::Logout { keep, erase, export } => {
                self.logout(*keep, *erase, export.as_deref()).await
            }
        }
    }

    async fn login(&mut self, server: &str, email: &str) -> Result<ExitCode> {
        let credentials = Credentials {
            email: email.to_owned(),
            password: read_password(self.words)?,
        };
        let mut signed_in = self.device.sign_in(server, &credentials).await;
        if matches!(signed_in, Err(ClientError::CodeNeeded)) {
            let code = read_code(self.words)?;
            signed_in = self.device.sign_in_with(server, &credentials, Some(&code)).await;
        }
        signed_in.with_context(|| format!("sign in at {server}"))?;
        let name = self
            .device
            .session()
            .map(|session| session.display_name.clone())
            .unwrap_or_default();
        terminal::line(&format!("{} {name}", self.words.signed_in))?;
        Ok(ExitCode::SUCCESS)
    }

    fn list(&self) -> Result<ExitCode> {
        let visits = self.device.visits();
        if visits.is_empty() {
            terminal::line(self.words.no_visits)?;
        }
        for (index, visit) in visits.iter().enumerate() {
            let is_waiting = self.device.has_unsent_work(visit.brief.submission);
            terminal::line(&show::list_line(index + 1, visit, is_waiting, self.words))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// A visit by its number in the list or by its id.
    fn find(&self, name: &str) -> Result<FieldVisit> {
        let visits = self.device.visits();
        let by_number = name
            .parse::<usize>()
            .ok()
            .and_then(|number| visits.get(number.checked_sub(1)?));
        let found = by_number.or_else(|| visits.iter().find(|visit| visit.brief.visit.to_string() == name));
        found
            .cloned()
            .with_context(|| format!("there is no visit {name:?} on this device; `haamu device pull` fetches new ones, and `haamu device list` shows them"))
    }

    pub(super) fn open(&self, name: &str) -> Result<OpenVisit> {
        Ok(self.device.open_visit(&self.find(name)?)?)
    }

    async fn accept(&mut self, visit: &str, on: Option<LocalDate>) -> Result<ExitCode> {
        let found = self.find(visit)?;
        self.device.accept(&found, on).await?;
        terminal::line(self.words.accepted)?;
        let code = self.sync(None, Around::USUAL).await?;
        let visits = self.device.visits().into_iter();
        let told = visits
            .map(|visit| visit.brief)
            .find(|brief| brief.assignment == found.brief.assignment);
        if let Some(line) = promise::agreed_day(told.as_ref(), on, self.words) {
            terminal::line(&line)?;
        }
        Ok(code)
    }

    async fn photo(
        &mut self,
        visit: &str,
        question: &str,
        file: &Path,
        caption: Option<&str>,
    ) -> Result<ExitCode> {
        let bytes = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let media_type = media_type(&bytes).with_context(|| {
            format!(
                "{} is neither a JPEG, PNG or WebP picture nor a PDF document",
                file.display()
            )
        })?;
        let file_name = file.file_name().and_then(|name| name.to_str());
        let open = self.open(visit)?;
        let preview = preview(&bytes);
        let photo = Photo {
            bytes: &bytes,
            media_type,
            file_name,
            caption,
            preview: preview.as_deref(),
        };
        self.device.add_photo(&open, question, photo).await?;
        terminal::line(&format!("{}: {question}", self.words.saved))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn remove_photos(&mut self, visit: &str, question: &str) -> Result<ExitCode> {
        let open = self.open(visit)?;
        let count = self.device.remove_photos(&open, question).await?;
        terminal::line(&format!("{}: {count}", self.words.removed))?;
        Ok(ExitCode::SUCCESS)
    }

    async fn submit(&mut self, visit: &str, stage: &str, is_forced: bool) -> Result<ExitCode> {
        let open = self.open(visit)?;
        match self.device.submit(&open, stage, is_forced).await {
            Ok(_) => {
                terminal::line(self.words.submitted)?;
                Ok(ExitCode::SUCCESS)
            }
            Err(FieldworkError::Incomplete(findings)) => {
                terminal::line(self.words.incomplete)?;
                for finding in &findings {
                    terminal::line(&show::finding(&open.checklist, finding, self.language))?;
                }
                Ok(ExitCode::FAILURE)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Sends and receives; with a limit, tries again until then.
    async fn sync(&mut self, wait: Option<Duration>, around: Around) -> Result<ExitCode> {
        let until = wait.map(|wait| Instant::now() + wait);
        let backlog = self.device.engine().backlog();
        let progress = Progress::bytes(backlog.unsent_bytes);
        let words = self.words;
        let mut said = Vec::new();
        let mut has_refused = false;
        let mut observe = |notice: &Notice| {
            progress.notice(notice);
            has_refused |= matches!(notice, Notice::FileRefused(_) | Notice::FileDamaged(_));
            said.extend(show::notice(notice, words));
        };
        let before = self
            .device
            .set_surroundings(around.surroundings(), &mut observe)
            .await?;
        let mut rest = match before {
            Rest::UpToDate | Rest::Waiting(_) => self.device.sync(&mut observe).await?,
            rest => rest,
        };
        while matches!(rest, Rest::Waiting(_)) && until.is_some_and(|until| Instant::now() < until) {
            rest = self.device.retry(&mut observe).await?;
        }
        progress.finish();
        for line in said {
            terminal::line(&line)?;
        }
        terminal::line(show::rest(&self.device.engine().backlog(), rest, words))?;
        Ok(if rest == Rest::UpToDate && !has_refused {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    pub(super) fn status(&self) -> Result<ExitCode> {
        let backlog = self.device.engine().backlog();
        let name = self.device.session().map(|session| session.display_name.clone());
        if let Some(name) = name {
            terminal::line(&format!("{} {name}", self.words.signed_in))?;
        }
        terminal::line(&format!("{} {}", backlog.unsent_ops, self.words.answers_waiting))?;
        terminal::line(&format!(
            "{} {} ({})",
            backlog.unsent_files,
            self.words.photos_waiting,
            show::size(backlog.unsent_bytes)
        ))?;
        if backlog.refused_files > 0 {
            terminal::line(&format!(
                "{} {}",
                backlog.refused_files, self.words.photos_refused
            ))?;
        }
        if backlog.set_aside > 0 {
            terminal::line(&format!("{} {}", backlog.set_aside, self.words.set_aside))?;
        }
        if backlog.unsent_ops == 0 && backlog.unsent_files == 0 && backlog.refused_files == 0 {
            terminal::line(self.words.up_to_date)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The password, from the environment or from standard input, never from the command line.
fn read_password(words: &Words) -> Result<String> {
    read_secret("HAAMU_PASSWORD", words.password).context("read the password")
}

/// A code of the second factor.
fn read_code(words: &Words) -> Result<String> {
    read_secret("HAAMU_CODE", words.code).context("read the code")
}

/// A secret from a variable, from whoever sits there, or from a line of standard input.
fn read_secret(variable: &str, prompt: &str) -> Result<String> {
    if let Ok(secret) = std::env::var(variable) {
        return Ok(secret);
    }
    if io::stdin().is_terminal() {
        return Ok(rpassword::prompt_password(prompt)?);
    }
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// What the bytes of a photo say that it is.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Some("image/jpeg")
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else if bytes.starts_with(b"%PDF-") {
        Some("application/pdf")
    } else {
        None
    }
}

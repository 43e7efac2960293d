//! Where a device's work goes besides the server: archives, deposits, receipts, and away.

use std::fs::{self, File};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use haamu_client::{ClientError, Exported, Free, SignOut};

use crate::terminal;

use super::commands::Session;
use super::show::{self, Progress};

impl Session {
    pub(super) async fn export(&mut self, file: &Path) -> Result<ExitCode> {
        let exported = self.write_export(file).await?;
        if exported.missing_files > 0 {
            terminal::line(&format!(
                "{}: {}",
                self.words.export_lacks, exported.missing_files
            ))?;
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn write_export(&mut self, file: &Path) -> Result<Exported> {
        // An earlier export is evidence too, and is not written over.
        let archive = File::create_new(file).with_context(|| {
            format!(
                "{} cannot be made; an export is never written over",
                file.display()
            )
        })?;
        let exported = self.device.export(&archive).await;
        let exported = exported.and_then(|exported| {
            archive
                .sync_all()
                .map_err(|error| haamu_client::PortError::new("write the export", error))?;
            Ok(exported)
        });
        let exported = match exported {
            Ok(exported) => exported,
            Err(error) => {
                // Half an archive would be taken for a whole one.
                let _ = fs::remove_file(file);
                return Err(error.into());
            }
        };
        terminal::line(&format!(
            "{} {}: {} {}, {} {}",
            self.words.exported,
            file.display(),
            exported.operations,
            self.words.entries,
            exported.files,
            self.words.photos
        ))?;
        Ok(exported)
    }

    pub(super) async fn import(&mut self, file: &Path) -> Result<ExitCode> {
        let archive = File::open(file).with_context(|| format!("read {}", file.display()))?;
        let imported = self.device.import(archive).await?;
        terminal::line(&format!(
            "{}: {} {}, {} {}",
            self.words.imported, imported.operations, self.words.entries, imported.files, self.words.photos
        ))?;
        if imported.left_out > 0 {
            terminal::line(&format!("{}: {}", self.words.left_out, imported.left_out))?;
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }

    pub(super) async fn deposit(&mut self) -> Result<ExitCode> {
        let progress = Progress::bytes(self.device.engine().backlog().unsent_bytes);
        let mut said = Vec::new();
        let words = self.words;
        let outcome = self
            .device
            .deposit(|notice| {
                progress.notice(notice);
                // All of a deposit is set aside; that is said once, below.
                if !matches!(notice, haamu_client::Notice::SetAside(..)) {
                    said.extend(show::notice(notice, words));
                }
            })
            .await;
        progress.finish();
        for line in said {
            terminal::line(&line)?;
        }
        outcome.context("deposit what has not been sent")?;
        terminal::line(self.words.deposited)?;
        Ok(ExitCode::SUCCESS)
    }

    pub(super) async fn logout(
        &mut self,
        keep: bool,
        erase: bool,
        export: Option<&Path>,
    ) -> Result<ExitCode> {
        let exported = match export {
            Some(file) => Some(self.write_export(file).await?),
            None => None,
        };
        let unsent = if keep || erase {
            SignOut::KeepWork
        } else {
            SignOut::IfAllIsSent
        };
        if erase {
            // Before anything is given up: an erasure that is refused signs nobody out.
            self.refuse_unsent(exported.as_ref())?;
        }
        match self.device.sign_out(unsent).await {
            Ok(()) => {}
            Err(ClientError::SignedOutHereOnly(_)) => terminal::line(self.words.signed_out_here)?,
            // Whoever erases a device on which nobody is signed in wants just that.
            Err(ClientError::SignedOut) if erase => {}
            Err(ClientError::UnsentWork(backlog)) => {
                terminal::line(&format!(
                    "{} {}, {} {}. {}",
                    backlog.unsent_ops,
                    self.words.answers_waiting,
                    backlog.unsent_files,
                    self.words.photos_waiting,
                    self.words.logout_refused
                ))?;
                return Ok(ExitCode::FAILURE);
            }
            Err(error) => return Err(error.into()),
        }
        if erase {
            self.device.erase(exported.as_ref()).await?;
            terminal::line(self.words.erased)?;
        } else {
            terminal::line(self.words.signed_out)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn refuse_unsent(&self, exported: Option<&Exported>) -> Result<()> {
        let backlog = self.device.engine().backlog();
        // What the server refuses is nowhere else.
        let is_unsent = backlog.unsent_ops > 0 || backlog.unsent_files > 0 || backlog.refused_files > 0;
        let is_whole = exported.is_some_and(|exported| exported.missing_files == 0);
        if is_unsent && !is_whole {
            bail!("{}", self.words.erase_refused);
        }
        Ok(())
    }

    pub(super) async fn free(&mut self, all: bool) -> Result<ExitCode> {
        let which = if all { Free::AllSent } else { Free::Old };
        let (files, bytes) = self.device.free_space(which).await?;
        let size = show::size(bytes);
        terminal::line(&format!("{}: {files} ({size})", self.words.freed))?;
        let (more, bytes) = self.device.freeable(Free::AllSent);
        if more > 0 {
            let size = show::size(bytes);
            terminal::line(&format!("{}: {more} ({size})", self.words.freeable))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    pub(super) fn receipts(&self, to: Option<&Path>) -> Result<ExitCode> {
        if let Some(folder) = to {
            fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        }
        for (blob, receipt) in self.device.receipts() {
            let submission = haamu_domain::SubmissionId::from_document(blob.document);
            let name = format!("{}-{submission}.receipt.json", blob.sha256);
            match to {
                None => terminal::line(&format!("{}  {submission}", blob.sha256))?,
                Some(folder) => {
                    let path = folder.join(&name);
                    fs::write(&path, &receipt.0).with_context(|| format!("write {}", path.display()))?;
                    terminal::line(&path.display().to_string())?;
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

//! The queue of what waits to be sent: as a list, and live.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::Result;
use haamu_client::{BlobKind, BlobState, FieldVisit, Notice, Rest, StoredBlob};
use haamu_domain::binding::Capture;
use haamu_sync::{Action, BlobHash};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::terminal;

use super::Around;
use super::commands::Session;
use super::show;

/// So many photos have a bar of their own; those that come later get one when others are done.
const BARS: usize = 6;

impl Session {
    /// Shows what waits, for each visit.
    pub(super) fn queue(&self) -> Result<ExitCode> {
        for visit in self.device.visits() {
            let lines = self.lines(&visit);
            if lines.is_empty() {
                continue;
            }
            let brief = &visit.brief;
            terminal::line(&format!(
                "{}, {} — {}",
                brief.location.name, brief.location.city, brief.round
            ))?;
            for line in lines {
                terminal::line(&format!("  {line}"))?;
            }
        }
        self.status()
    }

    /// What of a visit has not arrived.
    fn lines(&self, visit: &FieldVisit) -> Vec<String> {
        let document = visit.brief.submission.document();
        let engine = self.device.engine();
        let acknowledged = engine.device().acknowledged;
        let unsent = engine
            .own_ops(document)
            .filter(|op| op.origin_seq > acknowledged)
            .count();
        let mut lines = Vec::new();
        if unsent > 0 {
            lines.push(format!("{unsent} {}", self.words.answers_waiting));
        }
        let files = engine.blobs().filter(|blob| blob.document == document);
        for blob in files.filter(|blob| !matches!(blob.state, BlobState::Complete | BlobState::Freed)) {
            lines.push(self.file_line(blob));
        }
        lines
    }

    fn file_line(&self, blob: &StoredBlob) -> String {
        let state = match blob.state {
            BlobState::Stored => self.words.waiting,
            BlobState::Damaged => self.words.damaged,
            BlobState::Refused => self.words.refused,
            BlobState::Complete | BlobState::Freed => self.words.up_to_date,
        };
        format!("{}  {}  {state}", self.name(blob), show::size(blob.length))
    }

    /// The file's own name, as far as it is known.
    fn name(&self, blob: &StoredBlob) -> String {
        let document = self.device.engine().document(blob.document);
        let mut files = document
            .cells
            .values()
            .flat_map(|cell| cell.elements.attachments());
        let found = files.find_map(|(_, file)| {
            let capture = Capture::from_bytes(&file.capture);
            let is_it = file.sha256 == blob.sha256 || capture.preview == Some(blob.sha256);
            is_it.then_some(capture.file_name).flatten()
        });
        let mut own = self.device.engine().own_ops(blob.document);
        let found = found.or_else(|| {
            own.find_map(|op| match &op.action {
                Action::Attach(file) if file.sha256 == blob.sha256 => {
                    Capture::from_bytes(&file.capture).file_name
                }
                _ => None,
            })
        });
        let name = found.unwrap_or_else(|| blob.sha256.to_string()[..12].to_owned());
        match blob.kind {
            BlobKind::Preview => format!("{name} ({})", self.words.preview),
            BlobKind::Original => name,
        }
    }

    /// Sends, tries again as planned, and shows how it goes.
    pub(super) async fn watch(&mut self, around: Around) -> Result<ExitCode> {
        let names: BTreeMap<BlobHash, String> = self
            .device
            .engine()
            .blobs()
            .map(|blob| (blob.sha256, self.name(blob)))
            .collect();
        let mut board = Board::new(&self.device.engine().backlog(), names, self.words);
        let ctrl_c = tokio::signal::ctrl_c();
        tokio::pin!(ctrl_c);
        let _ = self
            .device
            .set_surroundings(around.surroundings(), |notice| board.notice(notice))
            .await?;
        let mut rest = self.device.sync(|notice| board.notice(notice)).await?;
        while let Rest::Waiting(_) = rest {
            let engine = self.device.engine();
            board.waits(show::rest(&engine.backlog(), rest, self.words));
            tokio::select! {
                _ = &mut ctrl_c => break,
                next = self.device.retry(|notice| board.notice(notice)) => rest = next?,
            }
        }
        board.finish();
        let backlog = self.device.engine().backlog();
        terminal::line(show::rest(&backlog, rest, self.words))?;
        let is_done = rest == Rest::UpToDate && backlog.unsent_files == 0;
        Ok(if is_done {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// The live view: one bar for all, and one for each photo that is on its way. Where there is no
/// terminal, one line for each photo that has arrived.
struct Board {
    all: MultiProgress,
    head: ProgressBar,
    bars: BTreeMap<BlobHash, ProgressBar>,
    names: BTreeMap<BlobHash, String>,
    words: &'static super::words::Words,
    is_live: bool,
    ops: usize,
    files: usize,
}

impl Board {
    fn new(
        backlog: &haamu_client::Backlog,
        names: BTreeMap<BlobHash, String>,
        words: &'static super::words::Words,
    ) -> Self {
        let all = MultiProgress::new();
        let head = all.add(ProgressBar::new(backlog.unsent_bytes));
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}  {msg}") {
            head.set_style(style);
        }
        let board = Self {
            all,
            head,
            bars: BTreeMap::new(),
            names,
            words,
            is_live: std::io::stderr().is_terminal(),
            ops: backlog.unsent_ops,
            files: backlog.unsent_files,
        };
        board.count();
        board
    }

    fn count(&self) {
        let Self {
            ops, files, words, ..
        } = self;
        self.head.set_message(format!(
            "{ops} {}, {files} {}",
            words.answers_waiting, words.photos_waiting
        ));
    }

    fn notice(&mut self, notice: &Notice) {
        match notice {
            Notice::Acknowledged(_) => {
                self.ops = 0;
                self.count();
            }
            Notice::UploadProgress(file, sent, total) => self.progress(*file, *sent, *total),
            Notice::FileComplete(file) => {
                self.files = self.files.saturating_sub(1);
                self.count();
                if let Some(bar) = self.bars.remove(file) {
                    bar.finish_and_clear();
                }
                if !self.is_live {
                    let name = self.names.get(file).cloned().unwrap_or_default();
                    self.say(&format!("{name}: {}", self.words.arrived));
                }
            }
            other => {
                if let Some(line) = show::notice(other, self.words) {
                    self.say(&line);
                }
            }
        }
    }

    fn progress(&mut self, file: BlobHash, sent: u64, total: u64) {
        if !self.bars.contains_key(&file) {
            if self.bars.len() >= BARS {
                return;
            }
            let bar = self.all.add(ProgressBar::new(total));
            if let Ok(style) = ProgressStyle::with_template("  {bar:24} {bytes}/{total_bytes} {msg}") {
                bar.set_style(style);
            }
            bar.set_message(self.names.get(&file).cloned().unwrap_or_default());
            self.bars.insert(file, bar);
        }
        if let Some(bar) = self.bars.get(&file) {
            self.head.inc(sent.saturating_sub(bar.position()));
            bar.set_position(sent);
        }
    }

    fn waits(&self, why: &str) {
        self.say(why);
    }

    /// A line above the bars.
    fn say(&self, line: &str) {
        if self.is_live {
            let _ = self.all.println(line);
        } else {
            let _ = terminal::line(line);
        }
    }

    fn finish(&self) {
        let _ = self.all.clear();
    }
}

//! Real processes that are killed at random moments: what was said to be saved is there in the end.
//!
//! `HAAMU_KILLS` says how many kills, `HAAMU_KILL_SEED` which; `cargo xtask kills` sets both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use haamu_tests::PASSWORD;
use haamu_tests::device::PHOTO;
use haamu_tests::process::{DeviceProcess, ServerProcess};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::end_to_end::{Planned, plan};

/// Questions that are answered in words.
const TEXTS: usize = 12;
/// Questions that take photos.
const PHOTOS: usize = 4;
/// The devices of the shopper; each answers its own questions.
const DEVICES: usize = 2;
/// No command of a device lives longer than so many milliseconds before it is killed.
const LONGEST_LIFE_MS: u64 = 90;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn checklist() -> Value {
    let text = |text: String| json!({"fi": &text, "en": &text});
    let texts = (0..TEXTS).map(|number| {
        json!({"id": format!("text_{number}"), "type": "text",
        "perspective": "fact", "touchpoint": "desk", "text": text(format!("Text {number}"))})
    });
    let photos = (0..PHOTOS).map(|number| json!({"id": format!("photo_{number}"), "type": "photo",
        "perspective": "environment", "touchpoint": "desk", "text": text(format!("Photo {number}")), "photo": {"max_count": 100}}));
    let scored = json!({"id": "greeted", "type": "yes_no", "points": "1", "perspective": "fact", "touchpoint": "desk",
        "text": text("Greeted".to_owned())});
    json!({"format": "haamu-checklist/1", "id": "kills", "version": 1, "languages": ["fi", "en"],
        "default_language": "fi", "title": text("Kills".to_owned()), "channel": "in_person", "visit_kind": "mystery_visit",
        "touchpoints": [{"id": "desk", "impact": 3, "phase": "during", "label": text("Desk".to_owned())}],
        "sections": [{"id": "all", "weight": "100", "title": text("All".to_owned()),
            "questions": texts.chain(photos).chain([scored]).collect::<Vec<_>>()}]})
}

/// What a question may be answered with in the end.
#[derive(Debug, Default)]
struct Expected {
    /// What was said to be saved last.
    said: Option<Value>,
    /// What commands that were killed after that may have saved.
    possible: Vec<Value>,
}

impl Expected {
    fn allows(&self, value: &Value) -> bool {
        let is_nothing = self.said.is_none() && value.is_null();
        is_nothing || self.said.as_ref() == Some(value) || self.possible.contains(value)
    }
}

struct Run {
    random: StdRng,
    server: ServerProcess,
    devices: Vec<DeviceProcess>,
    folder: PathBuf,
    visit: String,
    kills: u64,
    /// Counts answers and photos, so that each is another.
    number: u64,
    texts: BTreeMap<String, Expected>,
    /// Photos that were said to be saved, by question.
    photos: BTreeMap<String, Vec<String>>,
}

impl Run {
    fn life(&mut self) -> Duration {
        Duration::from_millis(self.random.random_range(0..LONGEST_LIFE_MS))
    }

    /// Runs a command of a device, which may be killed; says whether it ended well.
    async fn device(&mut self, device: usize, arguments: &[&str]) -> bool {
        if self.random.random_range(0..3) == 0 {
            return self.devices[device].try_run(arguments).await.is_ok();
        }
        let life = self.life();
        if self.devices[device].run_killed(arguments, life).await {
            self.kills += 1;
        }
        // Ended or killed, nothing was said: what it wrote to the terminal went by.
        false
    }

    async fn answer(&mut self) {
        let question = self.random.random_range(0..TEXTS);
        let id = format!("text_{question}");
        self.number += 1;
        let value = format!("answer number {}", self.number);
        let visit = self.visit.clone();
        let is_said = self
            .device(question % DEVICES, &["answer", &visit, &id, &value])
            .await;
        let expected = self.texts.entry(id).or_default();
        if is_said {
            expected.said = Some(json!(value));
            expected.possible.clear();
        } else {
            expected.possible.push(json!(value));
        }
    }

    async fn photo(&mut self) {
        let question = self.random.random_range(0..PHOTOS);
        let id = format!("photo_{question}");
        self.number += 1;
        // A number behind the end of the picture makes it another file.
        let mut bytes = PHOTO.to_vec();
        bytes.extend_from_slice(&self.number.to_be_bytes());
        let path = self.folder.join("photo.jpg");
        std::fs::write(&path, &bytes).expect("a file");
        let visit = self.visit.clone();
        let file = path.to_str().expect("text").to_owned();
        if self
            .device(question % DEVICES, &["photo", &visit, &id, &file])
            .await
        {
            let hash = Sha256::digest(&bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            self.photos.entry(id).or_default().push(hash);
        }
    }

    async fn sync(&mut self) {
        let device = self.random.random_range(0..DEVICES);
        let _ = self.device(device, &["sync", "--wait", "5"]).await;
    }

    /// Kills the server while a device speaks with it, and starts it again.
    async fn kill_server(&mut self) {
        let device = self.random.random_range(0..DEVICES);
        let life = self.life();
        let Self { server, devices, .. } = self;
        let kill = async {
            tokio::time::sleep(life).await;
            server.kill().await;
        };
        let _ = tokio::join!(devices[device].try_run(&["sync", "--wait", "0"]), kill);
        self.kills += 1;
        self.server.restart().await;
    }

    async fn step(&mut self) {
        match self.random.random_range(0..10) {
            0..5 => self.answer().await,
            5 | 6 => self.photo().await,
            7 | 8 => self.sync().await,
            _ => self.kill_server().await,
        }
    }

    /// With everything running, all is sent, and all that was said to be saved is there.
    async fn check(&self, planned: &Planned) {
        for _ in 0..2 {
            for device in &self.devices {
                let _ = device.run(&["sync", "--wait", "60"]).await;
            }
        }
        for device in &self.devices {
            let status = device.run(&["status"]).await;
            assert!(status.contains("Everything is sent"), "{status}");
        }
        let path = format!("visits/{}/evaluation", planned.visit);
        let read = self.server.get(&path, &planned.reviewer).await;
        let answers: BTreeMap<&str, &Value> = read["answers"]
            .as_array()
            .expect("answers")
            .iter()
            .map(|answer| (answer["question"].as_str().expect("an id"), answer))
            .collect();
        for (id, expected) in &self.texts {
            let value = &answers[id.as_str()]["value"];
            assert!(expected.allows(value), "{id}: {value} is none of {expected:?}");
        }
        for (id, hashes) in &self.photos {
            let files = answers[id.as_str()]["files"].as_array().expect("files");
            for hash in hashes {
                let file = files.iter().find(|file| file["sha256"] == json!(hash));
                let file = file.unwrap_or_else(|| panic!("{id}: {hash} is lost"));
                assert_eq!(file["received"], true, "{id}: {hash} is not there");
            }
        }
        assert_eq!(read["files_expected"], read["files_received"]);
        assert_eq!(
            read["conflicts"],
            json!([]),
            "each question is answered on one device"
        );
    }
}

#[expect(clippy::print_stdout, reason = "the figures of a scripted run are its result")]
async fn nothing_is_lost(folder: &Path, environment: Vec<(&'static str, String)>) {
    let seed = number("HAAMU_KILL_SEED").unwrap_or(1);
    let wanted = number("HAAMU_KILLS").unwrap_or(12);
    let server = ServerProcess::start(folder, environment).await;
    let planned = plan(&server, &checklist()).await;
    let mut devices = Vec::new();
    for number in 0..DEVICES {
        let device = DeviceProcess::new(folder.join(format!("device-{number}.sqlite")), PASSWORD);
        let login = [
            "login",
            "--server",
            &server.url(),
            "--email",
            "shopper@haamu.example",
        ];
        let _ = device.run(&login).await;
        let _ = device.run(&["pull"]).await;
        devices.push(device);
    }
    let mut run = Run {
        random: StdRng::seed_from_u64(seed),
        server,
        devices,
        folder: folder.to_owned(),
        visit: planned.visit.clone(),
        kills: 0,
        number: 0,
        texts: BTreeMap::new(),
        photos: BTreeMap::new(),
    };
    while run.kills < wanted {
        run.step().await;
        // Whatever happened, every device opens.
        for device in &run.devices {
            let _ = device.run(&["status"]).await;
        }
    }
    run.check(&planned).await;
    let photos: usize = run.photos.values().map(Vec::len).sum();
    println!(
        "seed {seed}: {} kills, {} answers and photos tried, {photos} photos said to be saved; nothing is lost",
        run.kills, run.number
    );
}

mod sqlite {
    use super::*;

    #[tokio::test]
    async fn nothing_that_was_saved_is_lost_by_kills() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        nothing_is_lost(folder.path(), Vec::new()).await;
    }
}

mod postgres {
    use haamu_tests::TestDatabase;

    use super::*;

    #[tokio::test]
    async fn nothing_that_was_saved_is_lost_by_kills() {
        let Some(database) = TestDatabase::empty_postgres().await else {
            return;
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let environment = vec![("HAAMU_DATABASE_URL", database.url().to_owned())];
        nothing_is_lost(folder.path(), environment).await;
    }
}

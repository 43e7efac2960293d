//! What people do on their devices.

use haamu_sync::engine::{Edit, Event, Import, StoredBlob};
use haamu_sync::{Action, DocumentId, Lane, RegisterKey, Submit};

use crate::device::{LocalFile, Tap, Todo};
use crate::instances;
use crate::plan::What;
use crate::safeguard::Duty;
use crate::world::World;

impl World {
    /// A person does something, if the device shows the submission.
    pub(crate) fn edit(&mut self, device: usize, document: u8, place: u8, what: What) {
        let document = self.documents[usize::from(document) % self.documents.len()];
        if !self.devices[device].has(document) {
            return;
        }
        let Some((key, action)) = self.action(device, document, place, what) else {
            return;
        };
        let view = self.devices[device].engine.document(document);
        let seen = match &action {
            Action::RemoveInstance(named) => instances::seen_in(&view, named, &self.group()),
            _ => view.visible_heads(&key).into_vec(),
        };
        self.devices[device].taps.push_back(Tap {
            document,
            key: key.clone(),
            seen,
        });
        let form_version = match what {
            What::UnknownForm => Some(self.terms.unknown_form),
            _ => Some(self.terms.form),
        };
        let file = match &action {
            Action::Attach(file) => Some(file.clone()),
            _ => None,
        };
        let is_late = self.removed == Some(Duty::FileBeforeRow);
        if let Some(file) = file.as_ref().filter(|_| !is_late) {
            let local = LocalFile {
                length: file.length,
                is_sound: true,
            };
            self.devices[device].files.insert(file.sha256, local);
        }
        let edit = Edit {
            document,
            key,
            action,
            preview: None,
            form_version,
        };
        self.handle(device, Event::Edit(edit));
        if let Some(file) = file.filter(|_| is_late) {
            let todo = &mut self.devices[device].todo;
            todo.push_back(Todo::KeepFile(file.sha256, file.length));
        }
    }

    /// A person carries their work from one device to the next one of theirs.
    pub(crate) fn rescue(&mut self, from: usize) -> Option<usize> {
        let count = self.devices.len();
        let source = &self.devices[from];
        let others = (1..count).map(|step| (from + step) % count);
        let to = others
            .into_iter()
            .find(|other| self.devices[*other].user == source.user)?;
        self.carry(from, to);
        Some(to)
    }

    /// The work of a device is exported, and imported on another one.
    pub(crate) fn carry(&mut self, from: usize, to: usize) {
        let source = &self.devices[from];
        let sound = |blob: &&StoredBlob| source.files.get(&blob.sha256).is_some_and(|file| file.is_sound);
        let files: Vec<StoredBlob> = source.store.blobs.iter().filter(sound).cloned().collect();
        let import = Import {
            device: source.row().device,
            first_seq: source.row().start.seq + 1,
            ops: source.store.ops.iter().map(|op| op.raw.clone()).collect(),
            files,
        };
        for blob in &import.files {
            let file = self.devices[from].files[&blob.sha256];
            self.devices[to].files.insert(blob.sha256, file);
        }
        self.handle(to, Event::Import(import));
        self.work(to, u8::MAX);
    }

    fn action(
        &mut self,
        device: usize,
        document: DocumentId,
        place: u8,
        what: What,
    ) -> Option<(RegisterKey, Action)> {
        let engine = &self.devices[device].engine;
        let terms = &self.terms;
        let named = |names: &[String]| RegisterKey::shopper(names[usize::from(place) % names.len()].clone());
        let (key, photos) = (named(&terms.answers), named(&terms.photos));
        let group = RegisterKey::shopper(terms.group.clone());
        let shown = || instances::shown(&engine.document(document), &group);
        let inside = |pick: u8| {
            let instances = shown();
            let instance = *instances.get(usize::from(pick) % instances.len().max(1))?;
            Some(RegisterKey {
                instance: [instance].into(),
                ..named(&terms.inside)
            })
        };
        let present = |key: &RegisterKey| {
            let view = engine.document(document);
            let cell = view.cell(key).cloned().unwrap_or_default();
            cell.elements.present.into_keys().collect::<Vec<_>>()
        };
        self.values += 1;
        let value = (terms.answer)(self.values);
        Some(match what {
            What::Set | What::UnknownForm => (key, Action::Set(value)),
            What::Clear => (key, Action::Clear),
            What::Attach(photo) => {
                let count = terms.files.len();
                (
                    photos,
                    Action::Attach(terms.files[usize::from(photo) % count].clone()),
                )
            }
            What::Detach => {
                let observed = present(&photos);
                (photos, Action::Detach(observed))
            }
            What::AddInstance => (group, Action::AddInstance((terms.instance)(self.values))),
            What::RemoveInstances => {
                let all = shown();
                (group, instances::removal(&engine.document(document), &all))
            }
            What::RemoveInstance(pick) => {
                let instances = shown();
                let instance = *instances.get(usize::from(pick) % instances.len().max(1))?;
                (group, instances::removal(&engine.document(document), &[instance]))
            }
            What::SetInside(pick) => (inside(pick)?, Action::Set(value)),
            What::ClearInside(pick) => (inside(pick)?, Action::Clear),
            What::Submit => {
                let cycle = engine.submission(document).map_or(0, |(_, cycle, _)| cycle);
                let submit = Submit {
                    stage: "main".to_owned(),
                    cycle,
                    frontier: Vec::new(),
                };
                (RegisterKey::shopper("submit"), Action::Submit(submit))
            }
            What::Note => (RegisterKey::shopper("note"), Action::Note(value.bytes)),
            // A control character: nobody reads such a name, neither the device nor the server.
            What::Unreadable => (RegisterKey::shopper("answer/\u{1}"), Action::Set(value)),
            What::ForeignLane => (
                RegisterKey {
                    lane: Lane::Review,
                    ..key
                },
                Action::Set(value),
            ),
        })
    }
}

//! Devices in this process: the real client on a store in memory, over loopback.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;

use haamu_client::native::HttpTransport;
use haamu_client::{
    Credentials, Device, FieldVisit, FileStore, LocalStore, MemoryFiles, MemoryStore, OpenVisit, Photo,
    Platform, PortError, Rest,
};
use haamu_sync::engine::{Snapshot, WriteBatch};
use haamu_sync::{BlobHash, ClockReading, Millis};

use serde_json::json;

use crate::agency::{PASSWORD, Person, ProgrammeOptions, Scene, small_answers};
use crate::server::{TestClock, TestServer};

/// A photo with maker, time and place in its metadata.
pub const PHOTO: &[u8] = include_bytes!("../fixtures/entrance-with-gps.jpg");

/// The test's clock, and randomness that counts.
#[derive(Debug)]
pub struct TestPlatform {
    clock: TestClock,
    counter: Cell<u64>,
    /// How far its person has set the wall clock from the truth, and how often the phone was started.
    wrong: Rc<Cell<(i64, u64)>>,
    installation: [u8; 16],
}

impl Platform for TestPlatform {
    fn now(&self) -> ClockReading {
        let millis = Millis::try_from(self.clock.millis()).expect("after 1970");
        let (offset, boot) = self.wrong.get();
        ClockReading {
            wall: millis.checked_add_signed(offset).expect("a time"),
            monotonic: millis,
            boot,
        }
    }

    fn installation(&self) -> Option<[u8; 16]> {
        Some(self.installation)
    }

    fn random(&self) -> [u8; 32] {
        let counter = self.counter.get();
        self.counter.set(counter + 1);
        blake3::hash(&counter.to_le_bytes()).into()
    }

    /// Time passes at once, and wakes the device too early at first.
    async fn sleep_until(&self, monotonic: Millis) {
        let left = i64::try_from(monotonic).expect("a time") - self.clock.millis();
        self.clock.advance_seconds(left.max(0) / 2_000 + 1);
    }
}

/// A store in memory that can be full, and be copied to another phone.
#[derive(Clone, Debug, Default)]
pub struct TestStore {
    inner: Rc<RefCell<MemoryStore>>,
    is_full: Rc<Cell<bool>>,
}

impl TestStore {
    fn work(&self) -> Result<MemoryStore, PortError> {
        if self.is_full.get() {
            return Err(PortError::new("write", "the disk is full"));
        }
        Ok(self.inner.borrow().clone())
    }

    /// What another phone gets when a backup of this one is restored on it.
    fn copied(&self) -> Self {
        Self {
            inner: Rc::new(RefCell::new(self.inner.borrow().clone())),
            is_full: Rc::default(),
        }
    }
}

impl LocalStore for TestStore {
    async fn load(&mut self) -> Result<Snapshot, PortError> {
        let mut inner = self.inner.borrow().clone();
        inner.load().await
    }

    async fn commit(&mut self, batch: &WriteBatch) -> Result<(), PortError> {
        let mut inner = self.work()?;
        inner.commit(batch).await?;
        *self.inner.borrow_mut() = inner;
        Ok(())
    }

    async fn read_value(&mut self, name: &str) -> Result<Option<Vec<u8>>, PortError> {
        let mut inner = self.inner.borrow().clone();
        inner.read_value(name).await
    }

    async fn write_value(&mut self, name: &str, value: Option<&[u8]>) -> Result<(), PortError> {
        let mut inner = self.work()?;
        inner.write_value(name, value).await?;
        *self.inner.borrow_mut() = inner;
        Ok(())
    }

    async fn erase(&mut self) -> Result<(), PortError> {
        let mut inner = self.work()?;
        inner.erase().await?;
        *self.inner.borrow_mut() = inner;
        Ok(())
    }
}

/// Files in memory that can get lost.
#[derive(Clone, Debug, Default)]
pub struct TestFiles {
    inner: MemoryFiles,
    are_lost: Rc<Cell<bool>>,
}

impl FileStore for TestFiles {
    async fn put(&mut self, sha256: BlobHash, bytes: &[u8]) -> Result<(), PortError> {
        self.inner.put(sha256, bytes).await
    }

    async fn read(&mut self, sha256: BlobHash) -> Result<Option<Vec<u8>>, PortError> {
        if self.are_lost.get() {
            return Ok(None);
        }
        self.inner.read(sha256).await
    }

    async fn delete(&mut self, sha256: BlobHash) -> Result<(), PortError> {
        self.inner.delete(sha256).await
    }
}

const BUILD: &str = "tests/1.0.0";

fn credentials(person: &Person) -> Credentials {
    Credentials {
        email: person.email.clone(),
        password: PASSWORD.to_owned(),
    }
}

type Inner = Device<TestStore, TestFiles, HttpTransport, TestPlatform>;

/// A shopper's device.
#[derive(Debug)]
pub struct TestDevice {
    /// The client itself.
    pub client: Inner,
    store: TestStore,
    files: TestFiles,
    clock: TestClock,
    wrong: Rc<Cell<(i64, u64)>>,
    url: String,
    credentials: Credentials,
}

impl TestDevice {
    /// A new device on which somebody is signed in.
    pub async fn sign_in(server: &TestServer, address: SocketAddr, person: &Person) -> Self {
        let url = format!("http://{address}");
        let stores = (TestStore::default(), TestFiles::default());
        let mut device = Self::start(server.clock.clone(), url, credentials(person), stores).await;
        device.sign_in_again().await;
        device
    }

    async fn start(
        clock: TestClock,
        url: String,
        credentials: Credentials,
        (store, files): (TestStore, TestFiles),
    ) -> Self {
        let wrong = Rc::new(Cell::new((0, 1)));
        let platform = TestPlatform {
            clock: clock.clone(),
            counter: Cell::new(rand::random::<u32>().into()),
            wrong: wrong.clone(),
            installation: rand::random(),
        };
        let transport = HttpTransport::new(&url, BUILD).expect("a transport");
        let opened = Device::open(store.clone(), files.clone(), transport, platform, BUILD).await;
        Self {
            client: opened.expect("a device"),
            store,
            files,
            clock,
            wrong,
            url,
            credentials,
        }
    }

    /// Another phone, on which a backup of this one was restored.
    pub async fn restored_elsewhere(&self) -> Self {
        let stores = (self.store.copied(), self.files.clone());
        Self::start(
            self.clock.clone(),
            self.url.clone(),
            self.credentials.clone(),
            stores,
        )
        .await
    }

    /// From now on the disk is full, or has room again.
    pub fn fill_disk(&self, is_full: bool) {
        self.store.is_full.set(is_full);
    }

    /// The person sets the wall clock, and the phone starts anew.
    pub fn set_clock(&self, offset_ms: i64) {
        let (_, boot) = self.wrong.get();
        self.wrong.set((offset_ms, boot + 1));
    }

    /// Somebody signs in on this device.
    ///
    /// # Errors
    /// As for the client.
    pub async fn sign_in_as(&mut self, person: &Person) -> Result<(), haamu_client::ClientError> {
        self.client.sign_in(&self.url, &credentials(person)).await
    }

    /// The person signs in once more, as when the session has ended.
    pub async fn sign_in_again(&mut self) {
        self.client
            .sign_in(&self.url, &self.credentials)
            .await
            .expect("signed in");
    }

    /// From now on, the photos' bytes are gone.
    pub fn lose_files(&self) {
        self.files.are_lost.set(true);
    }

    /// Sends and receives everything.
    #[track_caller]
    pub fn sync(&mut self) -> impl Future<Output = ()> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let rest = self.client.sync(|_| {}).await.expect("storage works");
            assert_eq!(rest, Rest::UpToDate, "{caller}");
        }
    }

    /// The only visit on the device.
    #[must_use]
    pub fn visit(&self) -> FieldVisit {
        let visits = self.client.visits();
        assert_eq!(visits.len(), 1);
        visits[0].clone()
    }

    /// The only visit, with its checklist.
    #[must_use]
    pub fn open(&self) -> OpenVisit {
        self.open_at(0)
    }

    /// A visit by its place in the list, with its checklist.
    #[must_use]
    pub fn open_at(&self, place: usize) -> OpenVisit {
        let visits = self.client.visits();
        self.client
            .open_visit(&visits[place])
            .expect("the checklist is there")
    }

    /// Records an answer.
    pub async fn answer(&mut self, question: &str, json: &str) {
        let open = self.open();
        self.client.answer(&open, question, json).await.expect("saved");
    }

    /// Adds the photo to a question.
    pub async fn photo(&mut self, question: &str, caption: Option<&str>) {
        let open = self.open();
        self.photo_of(&open, question, caption).await;
    }

    /// Adds the photo to a question of a visit.
    pub async fn photo_of(&mut self, open: &OpenVisit, question: &str, caption: Option<&str>) {
        let photo = Photo {
            bytes: PHOTO,
            media_type: "image/jpeg",
            file_name: Some("IMG_0001.jpg"),
            caption,
            preview: None,
        };
        self.client.add_photo(open, question, photo).await.expect("saved");
    }

    /// Hands the visit in.
    pub async fn submit(&mut self) {
        let open = self.open();
        self.client.submit(&open, "main", false).await.expect("handed in");
    }

    /// Fills in the whole of the small checklist, with a photo, and hands it in; nothing is sent.
    pub async fn evaluate(&mut self) {
        for (question, answer) in small_answers() {
            self.answer(question, answer).await;
        }
        self.photo("door_photo", Some("Ovi kadulta")).await;
        self.submit().await;
    }
}

impl TestServer {
    /// The shopper's device, on which the planned visit has arrived.
    pub async fn device(&self, person: &Person) -> TestDevice {
        let address = self.listen().await;
        let mut device = TestDevice::sign_in(self, address, person).await;
        device.sync().await;
        device
    }

    /// A visit of the north's shopper that was evaluated, synced, and is in review.
    pub async fn in_review(&self, options: ProgrammeOptions) -> (Scene, TestDevice) {
        let scene = self.plan(&self.north, options).await;
        self.accept(&scene).await;
        let mut device = self.device(self.north.shopper()).await;
        device.evaluate().await;
        device.sync().await;
        self.run_jobs().await;
        (scene, device)
    }

    /// The north's shopper accepts a visit, with the declaration that they have no tie to the place.
    pub async fn accept(&self, scene: &Scene) {
        let path = format!("/v1/assignments/{}/accept", scene.assignment);
        let call = self.post(&path, json!({"independent": true}));
        let _ = call.by(self.north.shopper()).await.send().await.ok();
    }

    /// The same, approved and released.
    pub async fn released(&self, options: ProgrammeOptions) -> Scene {
        let (scene, _) = self.in_review(options).await;
        for verb in ["approve", "release"] {
            let path = format!("/v1/visits/{}/{verb}", scene.visit);
            let _ = self
                .post(&path, json!({}))
                .by(self.north.reviewer())
                .await
                .send()
                .await
                .ok();
        }
        scene
    }

    /// The visit's state.
    pub async fn state(&self, scene: &Scene) -> String {
        let path = format!("/v1/visits/{}", scene.visit);
        let visit = self
            .get(&path)
            .by(self.north.coordinator())
            .await
            .send()
            .await
            .ok();
        visit["state"].as_str().expect("a state").to_owned()
    }
}

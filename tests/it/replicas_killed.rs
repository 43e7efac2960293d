//! Two server processes of which one is killed in the middle of anything: what was acknowledged is there, and the
//! other one goes on.

mod postgres {
    use std::cell::{Cell, RefCell};
    use std::time::Duration;

    use futures::future::join_all;
    use haamu_client::native::{HttpTransport, NativePlatform};
    use haamu_client::{Credentials, Device, FieldVisit, MemoryFiles, MemoryStore, Photo, Rest};
    use haamu_tests::PASSWORD;
    use haamu_tests::evaluation::{PHOTO_QUESTIONS, full_answers, full_checklist, full_photo};
    use haamu_tests::field::plan_each;
    use haamu_tests::replicas::{Balancer, Replicas};
    use haamu_tests::sender::{Sender, SentPhoto};
    use haamu_tests::smtp::SlowSmtp;
    use haamu_tests::upload::sha256;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};
    use reqwest::Client;
    use serde_json::{Value, json};

    /// The shortest lease that an operator can set, in seconds.
    const LEASE: &str = "3";
    /// So many times is a server killed.
    const KILLS: usize = 8;
    /// No server lives longer than this between two kills, nor stays away longer.
    const LONGEST_LIFE_MS: u64 = 600;
    /// Shoppers with the real client, and visits of each.
    const SHOPPERS: usize = 3;
    const VISITS: usize = 6;
    /// Photos that arrive in parts while servers are killed.
    const PHOTOS: usize = 3;
    /// The bytes of a part.
    const PART: usize = 25_000;
    /// Before a request that failed is made again.
    const PAUSE: Duration = Duration::from_millis(25);

    type Phone = Device<MemoryStore, MemoryFiles, HttpTransport, NativePlatform>;

    /// What the servers have said yes to.
    #[derive(Debug, Default)]
    struct Acknowledged {
        /// Photos by submission and hash, as texts.
        photos: RefCell<Vec<(String, String)>>,
        /// Visits that were planned.
        visits: RefCell<Vec<String>>,
        /// Invitations that were mailed.
        invitations: Cell<i64>,
    }

    /// Sends and receives until everything is acknowledged, whatever happens on the way.
    async fn sync(phone: &mut Phone) {
        while phone.sync(|_| {}).await.expect("storage works") != Rest::UpToDate {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A shopper fills in one visit after the other, and sends each.
    async fn fill_in(url: &str, email: &str, first: u64, acknowledged: &Acknowledged) {
        let transport = HttpTransport::new(url, "test/1").expect("a transport");
        let stores = (MemoryStore::default(), MemoryFiles::default());
        let phone = Device::open(stores.0, stores.1, transport, NativePlatform::default(), "test/1").await;
        let mut phone = phone.expect("a device");
        let credentials = Credentials {
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
        };
        while phone.sign_in(url, &credentials).await.is_err() {
            tokio::time::sleep(PAUSE).await;
        }
        sync(&mut phone).await;
        let visits = phone.visits();
        for (number, visit) in (first..).zip(visits.iter().take(VISITS)) {
            let photo = fill_in_one(&mut phone, visit, number).await;
            sync(&mut phone).await;
            let backlog = phone.engine().backlog();
            assert_eq!((backlog.unsent_ops, backlog.unsent_files), (0, 0));
            let sent = (visit.brief.submission.to_string(), hex(&sha256(&photo)));
            acknowledged.photos.borrow_mut().push(sent);
        }
    }

    /// Answers some questions of a visit, adds a photo, and hands it in; the photo.
    async fn fill_in_one(phone: &mut Phone, visit: &FieldVisit, number: u64) -> Vec<u8> {
        let open = phone.open_visit(visit).expect("the checklist is here");
        for (question, value) in full_answers(number).into_iter().take(8) {
            let answered = phone.answer(&open, &question, &value.to_string()).await;
            let _ = answered.expect("saved");
        }
        let bytes = full_photo(number, 0);
        let photo = Photo {
            bytes: &bytes,
            media_type: "image/jpeg",
            file_name: None,
            caption: None,
            preview: None,
        };
        let added = phone.add_photo(&open, PHOTO_QUESTIONS[0], photo).await;
        let _ = added.expect("saved");
        let open = phone.open_visit(visit).expect("the checklist is here");
        phone.submit(&open, "main", true).await.expect("handed in");
        bytes
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Posts to either server; none where there is no good answer.
    async fn post(http: &Client, url: &str, token: &str, body: &Value) -> Option<Value> {
        let answer = http.post(url).bearer_auth(token).json(body).send().await.ok()?;
        answer.error_for_status().ok()?.json().await.ok()
    }

    /// A coordinator plans visits, and an administrator invites people, until it is over.
    async fn plan(urls: &[String; 2], office: &Office, is_over: &Cell<bool>, acknowledged: &Acknowledged) {
        let (http, mut number) = (Client::new(), 0_usize);
        while !is_over.get() {
            number += 1;
            let url = &urls[number % 2];
            let address = format!("{url}/v1/rounds/{}/visits", office.round);
            let visits = json!({"visits": [office.visit]});
            if let Some(answer) = post(&http, &address, &office.coordinator, &visits).await {
                let id = answer["items"][0]["id"].as_str().expect("an id").to_owned();
                acknowledged.visits.borrow_mut().push(id);
            }
            let invitation = json!({"email": format!("invited-{number}@haamu.example"), "role": "shopper"});
            let address = format!("{url}/v1/invitations");
            if post(&http, &address, &office.administrator, &invitation)
                .await
                .is_some()
            {
                acknowledged.invitations.set(acknowledged.invitations.get() + 1);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Photos arrive part by part, each at the other server than the one before. What was said to be there is there.
    async fn upload(mut device: Sender, photos: &[SentPhoto], urls: &[String; 2]) {
        let mut turn = 0;
        for photo in photos {
            let mut held = 0;
            while held < photo.bytes.len() {
                turn += 1;
                device.turn_to(&urls[turn % 2]);
                let to = (held + PART).min(photo.bytes.len());
                match device.upload(photo, held, to).await {
                    Some(now) => {
                        assert!(now >= held, "{now} of {held} bytes are there");
                        held = now;
                    }
                    None => tokio::time::sleep(PAUSE).await,
                }
                if let Some(now) = device.uploaded(photo).await {
                    assert!(now >= held, "{now} of {held} bytes are there");
                }
            }
        }
    }

    /// Kills one of them, again and again; the second one at last for good.
    async fn kill(replicas: &mut Replicas, random: &mut StdRng, is_over: &Cell<bool>) {
        for _ in 0..KILLS {
            let life = Duration::from_millis(random.random_range(0..LONGEST_LIFE_MS));
            tokio::time::sleep(life).await;
            let server = if random.random() {
                &mut replicas.a
            } else {
                &mut replicas.b
            };
            server.kill().await;
            let absence = Duration::from_millis(random.random_range(0..LONGEST_LIFE_MS));
            tokio::time::sleep(absence).await;
            server.restart().await;
        }
        is_over.set(true);
        replicas.b.kill().await;
    }

    async fn all_is_there(replicas: &Replicas, acknowledged: &Acknowledged) {
        replicas.until_idle().await;
        let count = async |sql: &str| replicas.count(sql).await;
        assert_eq!(
            count("SELECT count(*) FROM job WHERE failed_at IS NOT NULL").await,
            0
        );
        let sent = i64::try_from(SHOPPERS * VISITS + PHOTOS).expect("a few");
        assert_eq!(
            count("SELECT count(*) FROM visit WHERE state = 'in_review'").await,
            sent
        );
        let scored = "SELECT count(DISTINCT submission_id) FROM score";
        assert_eq!(
            (count("SELECT count(*) FROM score").await, count(scored).await),
            (sent, sent)
        );
        assert_eq!(count("SELECT count(*) FROM rendition WHERE readable").await, sent);
        assert_eq!(count("SELECT count(*) FROM mail WHERE state <> 'sent'").await, 0);
        assert!(count("SELECT count(*) FROM mail").await >= acknowledged.invitations.get());
        let photos = acknowledged.photos.borrow().clone();
        assert_eq!(photos.len(), SHOPPERS * VISITS);
        for (submission, hash) in &photos {
            let sql = format!(
                "SELECT count(*) FROM blob_owner WHERE submission_id = '{submission}' AND encode(sha256, 'hex') = '{hash}'"
            );
            assert_eq!(count(&sql).await, 1, "{submission} {hash}");
        }
        let visits = acknowledged.visits.borrow().clone();
        assert!(!visits.is_empty());
        for visit in &visits {
            assert_eq!(
                count(&format!("SELECT count(*) FROM visit WHERE id = '{visit}'")).await,
                1,
                "{visit}"
            );
        }
    }

    /// Who is at work in the agency's office, and what they plan.
    #[derive(Debug)]
    struct Office {
        coordinator: String,
        administrator: String,
        round: String,
        visit: Value,
    }

    async fn office(replicas: &Replicas) -> Office {
        let id = async |sql: &str| -> String {
            let rows = replicas.rows(sql).await;
            rows[0].try_get_by_index(0).expect("an id")
        };
        let location = id("SELECT id::text FROM location").await;
        let shopper = id("SELECT id::text FROM user_account WHERE email LIKE 'shopper-0@%'").await;
        Office {
            coordinator: replicas.a.sign_in("coordinator@haamu.example", PASSWORD).await,
            administrator: replicas.b.sign_in("admin@haamu.example", PASSWORD).await,
            round: id("SELECT id::text FROM round").await,
            visit: json!({"location": location, "shopper": shopper}),
        }
    }

    #[tokio::test]
    async fn nothing_that_was_acknowledged_is_lost_and_all_jobs_are_done() {
        let lease = [("HAAMU_JOB_LEASE_SECONDS", LEASE)];
        let Some(mut replicas) = Replicas::start(&lease, &lease).await else {
            return;
        };
        let mut numbers = vec![VISITS; SHOPPERS];
        numbers.push(PHOTOS);
        let emails = plan_each(&replicas.a, &full_checklist(), &numbers).await;
        let office = office(&replicas).await;
        let urls = [replicas.a.url(), replicas.b.url()];
        let balancer = Balancer::start(vec![replicas.a.address(), replicas.b.address()])
            .await
            .expect("a port");
        let url = balancer.url();
        let mut device = Sender::start(&urls[0], &emails[SHOPPERS]).await;
        let mut photos = Vec::new();
        for _ in 0..PHOTOS {
            photos.push(device.push_with_photo().await.1);
        }
        let (acknowledged, is_over) = (Acknowledged::default(), Cell::new(false));
        let mut random = StdRng::seed_from_u64(1);
        let shoppers = emails.iter().take(SHOPPERS).zip(0_u64..);
        let shoppers = shoppers.map(|(email, number)| fill_in(&url, email, 1_000 * number, &acknowledged));
        let _ = tokio::join!(
            join_all(shoppers),
            plan(&urls, &office, &is_over, &acknowledged),
            upload(device, &photos, &urls),
            kill(&mut replicas, &mut random, &is_over),
        );
        all_is_there(&replicas, &acknowledged).await;
        let again = replicas
            .count("SELECT count(*) FROM job WHERE attempts > 1")
            .await;
        println!(
            "{KILLS} kills, {} visits planned, {} people invited, {again} jobs taken over; nothing is lost",
            acknowledged.visits.borrow().len(),
            acknowledged.invitations.get()
        );
    }

    /// Invites somebody at A, whose mail takes its time.
    async fn invite(replicas: &Replicas) {
        let _ = plan_each(&replicas.a, &full_checklist(), &[]).await;
        let admin = replicas.a.sign_in("admin@haamu.example", PASSWORD).await;
        let invitation = json!({"email": "invited@haamu.example", "role": "shopper"});
        let _ = replicas.a.post("invitations", &admin, &invitation).await;
    }

    #[tokio::test]
    async fn a_job_that_takes_longer_than_the_lease_is_not_taken_over() {
        let mut smtp = SlowSmtp::start().await.expect("a mail server");
        let url = smtp.url();
        let settings = [
            ("HAAMU_JOB_LEASE_SECONDS", LEASE),
            ("HAAMU_SMTP_URL", url.as_str()),
        ];
        let Some(replicas) = Replicas::start(&settings, &settings).await else {
            return;
        };
        invite(&replicas).await;
        smtp.until_came(1).await;
        // By then the first lease is over, and the other one has looked for jobs.
        replicas
            .until(
                "SELECT count(*) FROM job WHERE claimed_until > claimed_at + 7000",
                1,
            )
            .await;
        assert_eq!(smtp.came(), 1);
        smtp.answer(1);
        replicas.until("SELECT count(*) FROM job WHERE kind = 'send_mail' AND finished_at IS NOT NULL AND attempts = 1", 1).await;
        assert_eq!(smtp.came(), 1);
        assert_eq!(
            replicas
                .count("SELECT count(*) FROM mail WHERE state = 'sent' AND attempts = 1")
                .await,
            1
        );
    }

    #[tokio::test]
    async fn a_job_whose_process_was_killed_is_taken_over() {
        let mut smtp = SlowSmtp::start().await.expect("a mail server");
        let url = smtp.url();
        let settings = [
            ("HAAMU_JOB_LEASE_SECONDS", LEASE),
            ("HAAMU_SMTP_URL", url.as_str()),
        ];
        let idle = [settings[0], settings[1], ("HAAMU_WORKERS", "0")];
        let Some(mut replicas) = Replicas::start(&settings, &idle).await else {
            return;
        };
        invite(&replicas).await;
        smtp.until_came(1).await;
        replicas.a.kill().await;
        replicas.b.restart_with("HAAMU_WORKERS", "1").await;
        smtp.until_came(2).await;
        smtp.answer(2);
        replicas.until("SELECT count(*) FROM job WHERE kind = 'send_mail' AND finished_at IS NOT NULL AND attempts = 2", 1).await;
        assert_eq!(
            replicas
                .count("SELECT count(*) FROM mail WHERE state = 'sent'")
                .await,
            1
        );
    }
}

//! What holds whatever is lost, killed, restored or cloned.

use haamu_sync::engine::{BlobState, Effect, Event, Failure, Notice};
use haamu_sync::{Action, BlobHash, Bytes, Disposition, Incarnation, Lane, RegisterKey, Submit, Value};

use crate::support::{Device, Server, VISIT, photo};

#[test]
fn work_done_offline_arrives_in_one_round_trip() {
    let (mut server, mut device) = (Server::default(), Device::new(1));
    for number in 0..50 {
        device.set(&format!("answer/q{number}"), number);
    }
    device.edit(
        "submit",
        Action::Submit(Submit {
            stage: "main".to_owned(),
            cycle: 0,
            frontier: Vec::new(),
        }),
    );
    device.drain(&mut server);
    assert_eq!(
        device
            .notices
            .iter()
            .filter(|notice| matches!(notice, Notice::Saved(_)))
            .count(),
        51
    );
    assert_eq!(server.applied.len(), 0, "nothing leaves the device unasked");

    let mut requests = 0;
    device.handle(Event::SyncNow);
    device.run(&mut server, 500, || {
        requests += 1;
        false
    });
    assert_eq!(requests, 1);
    assert_eq!(server.applied.len(), 51);
    assert_eq!(server.value("answer/q17"), Some(17));
    assert_eq!(device.engine.backlog().unsent_ops, 0);
    assert!(device.notices.contains(&Notice::UpToDate));
}

#[test]
fn lost_answers_do_not_double_anything() {
    let (mut server, mut device) = (Server::default(), Device::new(1));
    device.set("answer/a", 1);
    device.edit("photos/a", Action::Attach(photo(3, 900_000)));
    device.handle(Event::SyncNow);
    let mut count = 0;
    device.run(&mut server, 500, || {
        count += 1;
        count % 2 == 1
    });
    assert!(device.engine.is_idle());
    assert_eq!(server.applied.len(), 2);
    assert_eq!(server.files.get(&BlobHash::from_bytes([3; 32])), Some(&900_000));
    assert_eq!(
        device.engine.blobs().next().map(|blob| blob.state),
        Some(BlobState::Complete)
    );
}

#[test]
fn a_process_may_die_between_any_two_effects() {
    let script = |device: &mut Device, step: u8| match step {
        0 => device.set("answer/a", 1),
        1 => device.set("answer/a", 2),
        2 => device.edit("photos/a", Action::Attach(photo(3, 700_000))),
        _ => device.handle(Event::SyncNow),
    };
    for killed_after in 0..40 {
        let (mut server, mut device) = (Server::default(), Device::new(1));
        let mut budget = killed_after;
        for step in 0..4 {
            // A step that was not saved when the process died is made again by the person.
            let saved = device.stored.ops.len();
            script(&mut device, step);
            let before = budget;
            device.run(&mut server, budget.min(500), || false);
            budget = budget.saturating_sub(before.min(3));
            if !device.engine.is_idle() {
                device.kill(step);
            }
            if step < 3 && device.stored.ops.len() == saved {
                script(&mut device, step);
                device.run(&mut server, 500, || false);
            }
        }
        device.sync(&mut server);
        assert_eq!(server.value("answer/a"), Some(2), "killed after {killed_after}");
        assert_eq!(server.applied.len(), 3, "killed after {killed_after}");
        assert_eq!(server.files.len(), 1);
    }
}

#[test]
fn a_failed_commit_is_not_saved_and_changes_nothing() {
    let mut device = Device::new(1);
    device.set("answer/a", 1);
    let Some(Effect::Commit(id, _)) = device.engine.poll_effect() else {
        panic!("a commit")
    };
    device.handle(Event::CommitFailed(id));
    assert_eq!(device.value("answer/a"), None);
    assert!(matches!(
        device.engine.poll_effect(),
        Some(Effect::Notify(Notice::NotSaved(..)))
    ));
    device.set("answer/a", 2);
    device.run(&mut Server::default(), 10, || false);
    assert_eq!(device.value("answer/a"), Some(2));
}

#[test]
fn what_no_server_takes_in_is_not_saved_and_holds_nothing_up() {
    let mut device = Device::new(1);
    let mut server = Server::default();
    let long = Value {
        tag: 1,
        bytes: Bytes::from(vec![b'a'; haamu_sync::codec::MAX_OP_BYTES]),
    };
    device.edit("answer/a", Action::Set(long));
    assert!(matches!(
        device.engine.poll_effect(),
        Some(Effect::Notify(Notice::NotSaved(..)))
    ));
    device.set("answer/b", 2);
    device.sync(&mut server);
    assert_eq!(
        (server.value("answer/a"), server.value("answer/b")),
        (None, Some(2))
    );
}

#[test]
fn a_server_restored_from_a_backup_gets_back_what_it_lost() {
    let (mut server, mut device) = (Server::default(), Device::new(1));
    device.set("answer/a", 1);
    device.sync(&mut server);
    let backup = server.clone();
    device.set("answer/a", 2);
    device.set("answer/b", 3);
    device.sync(&mut server);

    server = Server {
        incarnation: Incarnation::from_bytes([9; 16]),
        ..backup
    };
    device.sync(&mut server);
    assert!(device.notices.contains(&Notice::AcknowledgementWithdrawn(1)));
    assert_eq!(
        (server.value("answer/a"), server.value("answer/b")),
        (Some(2), Some(3))
    );
    assert_eq!(
        (device.value("answer/a"), device.value("answer/b")),
        (Some(2), Some(3))
    );
}

#[test]
fn what_a_restored_server_puts_elsewhere_is_told() {
    let (mut server, mut device) = (Server::default(), Device::new(1));
    device.sync(&mut server);
    let backup = server.clone();
    server.standing_settled = true;
    device.set("answer/a", 1);
    device.handle(Event::SyncNow);
    let mut old_request = None;
    while let Some(effect) = device.engine.poll_effect() {
        match effect {
            Effect::Commit(id, batch) => {
                device.write(*batch);
                device.handle(Event::Committed(id));
            }
            Effect::Sync(id, request) => {
                let response = server.answer(&request, device.now);
                if !request.ops.is_empty() {
                    old_request = Some(request);
                }
                device.handle(Event::Synced(id, Ok(Box::new(response))));
            }
            Effect::Notify(notice) => device.notices.push(notice),
            _ => {}
        }
    }
    assert_eq!(device.engine.backlog().set_aside, 1);
    // The server is restored, and a copy of the request reaches it then.
    server = Server {
        incarnation: Incarnation::from_bytes([9; 16]),
        ..backup
    };
    server.answer(&old_request.expect("the answer was sent"), device.now);
    device.sync(&mut server);
    assert_eq!(server.value("answer/a"), Some(1));
    assert_eq!(device.value("answer/a"), Some(1));
    assert_eq!(device.engine.backlog().set_aside, 0);
}

#[test]
fn a_cloned_phone_takes_a_new_name_and_loses_nothing() {
    let (mut server, mut first) = (Server::default(), Device::new(1));
    first.set("answer/a", 1);
    first.sync(&mut server);
    let mut clone = Device::start(first.stored.clone(), 2);
    first.set("answer/b", 2);
    first.sync(&mut server);
    clone.set("answer/c", 3);
    clone.sync(&mut server);
    assert!(
        clone
            .notices
            .iter()
            .any(|notice| matches!(notice, Notice::NewIdentity(_)))
    );
    assert_ne!(clone.engine.device().device, first.engine.device().device);
    for (register, value) in [("answer/a", 1), ("answer/b", 2), ("answer/c", 3)] {
        assert_eq!(server.value(register), Some(value), "{register}");
        assert_eq!(clone.value(register), Some(value), "{register}");
    }
    assert_eq!(server.applied.len(), 3);
    first.sync(&mut server);
    assert_eq!(first.value("answer/c"), Some(3));
}

#[test]
fn answers_given_without_knowing_of_each_other_are_both_kept() {
    let (mut server, mut one, mut two) = (Server::default(), Device::new(1), Device::new(2));
    one.set("answer/a", 1);
    two.set("answer/a", 2);
    one.sync(&mut server);
    two.sync(&mut server);
    one.sync(&mut server);
    let key = RegisterKey::shopper("answer/a");
    assert_eq!(one.engine.document(VISIT).conflicts(Lane::Shopper), [&key]);
    assert_eq!(one.engine.document(VISIT), two.engine.document(VISIT));
    // Whoever sees both and answers again settles it.
    one.set("answer/a", 3);
    one.sync(&mut server);
    two.sync(&mut server);
    assert!(two.engine.document(VISIT).conflicts(Lane::Shopper).is_empty());
    assert_eq!(two.value("answer/a"), Some(3));
}

#[test]
fn what_the_server_puts_aside_is_acknowledged_and_shown_as_such() {
    let (mut server, mut device) = (
        Server {
            standing_settled: true,
            ..Server::default()
        },
        Device::new(1),
    );
    device.set("answer/a", 1);
    device.sync(&mut server);
    let backlog = device.engine.backlog();
    assert_eq!((backlog.unsent_ops, backlog.set_aside), (0, 1));
    assert!(
        device
            .notices
            .iter()
            .any(|notice| matches!(notice, Notice::SetAside(1, Disposition::Late, _)))
    );
    assert_eq!(device.value("answer/a"), None, "it did not take effect");
}

#[test]
fn a_portal_page_or_an_expired_token_stops_nothing_for_good() {
    let mut device = Device::new(1);
    device.set("answer/a", 1);
    device.run(&mut Server::default(), 10, || false);
    device.handle(Event::SyncNow);
    let mut sync = |outcome: Option<Failure>| loop {
        match device.engine.poll_effect() {
            Some(Effect::Sync(id, _)) => {
                if let Some(failure) = outcome {
                    device.handle(Event::Synced(id, Err(failure)));
                }
                break;
            }
            Some(Effect::Commit(id, batch)) => {
                device.write(*batch);
                device.handle(Event::Committed(id));
            }
            Some(Effect::Deposit(..)) => panic!("nobody asked for a deposit"),
            Some(Effect::Enrol(id, _)) => device.handle(Event::Enrolled(id, Ok(()))),
            Some(Effect::RefreshAuth(id)) => device.handle(Event::AuthRefreshed(id, Ok(()))),
            Some(Effect::Notify(_) | Effect::Upload(..)) => {}
            None => {
                let at = device.engine.poll_timeout().expect("a retry is planned");
                device.now = device.now.max(at);
                device.handle(Event::Timeout);
            }
        }
    };
    for failure in [
        Failure::NotOurServer,
        Failure::Unauthorised,
        Failure::Network,
        Failure::Busy(60_000),
        Failure::TooLarge,
        Failure::FrameRefused,
        Failure::Server,
    ] {
        sync(Some(failure));
    }
    sync(None);
}

#[test]
fn a_refused_refresh_token_asks_the_person_and_keeps_recording() {
    let (mut server, mut device) = (Server::default(), Device::new(1));
    device.sync(&mut server);
    device.handle(Event::SyncNow);
    let Some(Effect::Sync(id, _)) = device.engine.poll_effect() else {
        panic!("a request")
    };
    device.handle(Event::Synced(id, Err(Failure::Unauthorised)));
    let Some(Effect::RefreshAuth(id)) = device.engine.poll_effect() else {
        panic!("a refresh")
    };
    device.handle(Event::AuthRefreshed(id, Err(Failure::Unauthorised)));
    device.run(&mut server, 10, || false);
    assert!(device.notices.contains(&Notice::AuthRequired));
    device.set("answer/a", 4);
    device.run(&mut server, 10, || false);
    assert_eq!(device.value("answer/a"), Some(4));
    assert!(device.engine.backlog().auth_required);
    device.handle(Event::SignedIn);
    device.run(&mut server, 100, || false);
    assert_eq!(server.value("answer/a"), Some(4));
}

#[test]
fn fresh_tokens_that_are_refused_are_tried_again_after_a_pause() {
    let mut device = Device::new(1);
    device.handle(Event::SyncNow);
    let mut attempts = 0;
    // Without a pause there would be no end to it.
    while let Some(effect) = device.engine.poll_effect() {
        match effect {
            Effect::Commit(id, batch) => {
                device.write(*batch);
                device.handle(Event::Committed(id));
            }
            Effect::Enrol(id, _) => device.handle(Event::Enrolled(id, Ok(()))),
            Effect::Sync(id, _) => {
                attempts += 1;
                device.handle(Event::Synced(id, Err(Failure::Unauthorised)));
            }
            Effect::RefreshAuth(id) => device.handle(Event::AuthRefreshed(id, Ok(()))),
            Effect::Notify(_) | Effect::Upload(..) | Effect::Deposit(..) => {}
        }
    }
    assert_eq!(attempts, 2, "with the old tokens and with fresh ones");
    assert!(device.engine.poll_timeout().is_some());
}

#[test]
fn a_device_that_was_shut_out_asks_its_person_and_keeps_recording() {
    let (mut server, mut device) = (Server::default(), Device::new(1));
    device.sync(&mut server);
    device.handle(Event::SyncNow);
    let mut enrolments = 0;
    while let Some(effect) = device.engine.poll_effect() {
        match effect {
            Effect::Commit(id, batch) => {
                device.write(*batch);
                device.handle(Event::Committed(id));
            }
            Effect::Sync(id, _) => device.handle(Event::Synced(id, Err(Failure::NotEnrolled))),
            Effect::Enrol(id, _) => {
                enrolments += 1;
                device.handle(Event::Enrolled(id, Err(Failure::NotEnrolled)));
            }
            _ => {}
        }
    }
    assert_eq!(enrolments, 1);
    assert!(device.engine.backlog().auth_required);
    device.set("answer/a", 4);
    device.run(&mut server, 10, || false);
    assert_eq!(device.value("answer/a"), Some(4));
}

//! How long a device keeps what it sent, whose it is, and how it moves to another device.

use haamu_sync::engine::{Event, Import, Notice, StoredBlob};
use haamu_sync::{AuthorId, Bytes};

use crate::support::{Device, Server};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

#[test]
fn what_a_verified_backup_has_is_forgotten_and_the_log_goes_on() {
    let (mut server, mut device) = (Server::default(), Device::new(1));
    for number in 0..5 {
        device.set("answer/a", number);
    }
    device.sync(&mut server);
    assert_eq!(device.stored.ops.len(), 5);
    server.custody_upto = 3;
    device.sync(&mut server);
    assert_eq!(device.stored.ops.len(), 2);
    device.kill(2);
    device.set("answer/a", 9);
    device.sync(&mut server);
    assert_eq!(
        (server.value("answer/a"), device.value("answer/a")),
        (Some(9), Some(9))
    );
}

#[test]
fn where_nobody_vouches_for_backups_work_is_kept_for_ninety_days() {
    let (mut server, mut device) = (Server::default(), Device::new(1));
    device.set("answer/a", 1);
    device.sync(&mut server);
    device.now += 10 * DAY_MS;
    device.set("answer/b", 2);
    device.sync(&mut server);
    device.now += 79 * DAY_MS;
    device.sync(&mut server);
    assert_eq!(device.stored.ops.len(), 2);
    device.now += 2 * DAY_MS;
    device.sync(&mut server);
    assert_eq!(
        device.stored.ops.len(),
        1,
        "the first has been there for 91 days, the second for 81"
    );
    device.now += 10 * DAY_MS;
    device.sync(&mut server);
    assert_eq!(device.stored.ops.len(), 0);
    assert_eq!(device.value("answer/b"), Some(2));
}

#[test]
fn ninety_days_begin_anew_when_the_server_loses_what_it_had() {
    let (mut server, mut device) = (Server::default(), Device::new(1));
    let backup = server.clone();
    device.set("answer/a", 1);
    device.sync(&mut server);
    device.now += 80 * DAY_MS;
    server = backup;
    device.sync(&mut server);
    assert_eq!(server.value("answer/a"), Some(1), "it is sent again");
    device.now += 11 * DAY_MS;
    device.sync(&mut server);
    assert_eq!(device.stored.ops.len(), 1);
}

#[test]
fn a_copy_that_its_platform_finds_out_takes_a_new_name_before_it_writes() {
    let (mut server, mut device) = (Server::default(), Device::new(1));
    device.set("answer/a", 1);
    device.sync(&mut server);
    let mut copy = Device::start(device.stored.clone(), 9);
    copy.handle(Event::Copied);
    copy.set("answer/b", 2);
    copy.drain(&mut server);
    let name = |device: &Device| device.engine.device().device;
    assert_ne!(name(&copy), name(&device));
    assert_eq!(copy.engine.device().cloned_from, Some(name(&device)));
    device.set("answer/c", 3);
    device.sync(&mut server);
    copy.sync(&mut server);
    assert!(
        !device
            .notices
            .iter()
            .any(|notice| matches!(notice, Notice::NewIdentity(_))),
        "the original keeps its own"
    );
    let values = ["answer/a", "answer/b", "answer/c"].map(|register| server.value(register));
    assert_eq!(values, [Some(1), Some(2), Some(3)]);
    assert_eq!(server.applied.len(), 3, "what both hold counts once");
}

/// All work of a device, as it is carried to another one.
fn export(device: &Device) -> Import {
    let row = device.stored.device.clone().expect("a row");
    Import {
        device: row.device,
        first_seq: row.start.seq + 1,
        ops: device.stored.ops.iter().map(|op| op.raw.clone()).collect(),
        files: device.stored.blobs.clone(),
    }
}

#[test]
fn exported_work_reaches_the_server_once_whichever_way_it_goes() {
    let (mut server, mut old, mut new) = (Server::default(), Device::new(1), Device::new(2));
    old.sync(&mut server);
    old.set("answer/a", 1);
    old.attach(20, 1_000, None);
    old.drain(&mut server);
    new.sync(&mut server);
    new.handle(Event::Import(export(&old)));
    new.handle(Event::Import(export(&old)));
    new.drain(&mut server);
    let taken = |ops, files| Notice::Imported {
        ops,
        files,
        left_out: 0,
    };
    assert!(new.notices.contains(&taken(2, 1)) && new.notices.contains(&taken(0, 0)));
    new.sync(&mut server);
    old.sync(&mut server);
    assert_eq!((server.value("answer/a"), server.applied.len()), (Some(1), 2));
    assert_eq!(
        new.stored.blobs.iter().map(|blob| blob.state).collect::<Vec<_>>(),
        old.stored
            .blobs
            .iter()
            .map(|blob: &StoredBlob| blob.state)
            .collect::<Vec<_>>()
    );
}

#[test]
fn somebody_elses_work_and_what_is_none_are_left_out() {
    let (mut server, mut old, mut new) = (Server::default(), Device::new(1), Device::new(2));
    old.stored.device.as_mut().expect("a row").author = AuthorId::from_bytes([99; 16]);
    old.kill(1);
    old.set("answer/a", 1);
    old.drain(&mut server);
    let mut import = export(&old);
    import.ops.push(Bytes::from(b"no operation".to_vec()));
    new.handle(Event::Import(import));
    new.drain(&mut server);
    assert!(new.notices.contains(&Notice::Imported {
        ops: 0,
        files: 0,
        left_out: 2
    }));
    assert_eq!(new.engine.last_seq(), 0);
}

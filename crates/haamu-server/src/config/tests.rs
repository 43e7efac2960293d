use toml::{Table, Value};

use super::settings::SETTINGS;
use super::*;

fn load(variables: &[(&str, &str)], overrides: &[(&str, String)]) -> Result<Config, ConfigError> {
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::load(None, variables, overrides)
}

#[test]
fn later_layers_win() {
    let plain = load(&[], &[]).expect("the defaults are sound");
    assert_eq!(plain.listen().to_string(), "127.0.0.1:8080");
    assert_eq!(
        plain.files(),
        FileSettings::Folder(PathBuf::from("haamu-data/objects"))
    );
    let set = load(
        &[
            ("HAAMU_LISTEN", "127.0.0.1:1"),
            ("HAAMU_WORKERS", "7"),
            ("HAAMU_ELSE", "x"),
            ("PATH", "x"),
        ],
        &[("listen", "127.0.0.1:2".to_owned())],
    )
    .expect("sound");
    assert_eq!((set.listen().port(), set.workers()), (2, 7));
    let grown = load(
        &[
            ("HAAMU_DATABASE_URL", "postgres://h/d"),
            ("HAAMU_OBJECT_STORE", "s3://b/p"),
            ("HAAMU_SMTP_URL", "smtps://h"),
        ],
        &[],
    );
    let grown = grown.expect("sound");
    assert!(!grown.uses_data_dir());
    assert_eq!(grown.files(), FileSettings::S3("s3://b/p".to_owned()));
}

#[test]
fn wrong_settings_are_named() {
    for (name, value, message) in [
        ("HAAMU_WORKERS", "many", "workers: \"many\" is not a whole number"),
        ("HAAMU_WORKERS", "65", "workers: 65 is not between 0 and 64"),
        (
            "HAAMU_JOB_LEASE_SECONDS",
            "2",
            "job_lease_seconds: 2 is not between 3 and 3600",
        ),
        (
            "HAAMU_LOG_FORMAT",
            "xml",
            "log_format: \"xml\" is neither text nor json",
        ),
    ] {
        assert_eq!(load(&[(name, value)], &[]).expect_err(name).to_string(), message);
    }
    assert!(load(&[("HAAMU_LISTEN", "nowhere")], &[]).is_err());
    for (name, value) in [
        ("HAAMU_PUBLIC_URL", "haamu.example"),
        ("HAAMU_TRUSTED_PROXIES", "10.0.0.0/8, proxy"),
        ("HAAMU_PROXY_HEADER", "via"),
        ("HAAMU_MAIL_SENDER", "nobody"),
        ("HAAMU_SMTP_URL", "imap://host"),
        ("HAAMU_MAIL_LANGUAGE", "de"),
        ("HAAMU_PROVIDER_ADDRESSES", "private"),
    ] {
        let error = load(&[(name, value)], &[]).expect_err(name).to_string();
        let key = name.trim_start_matches("HAAMU_").to_lowercase();
        assert!(error.starts_with(&key) || key == "smtp_url", "{name}: {error}");
    }
}

#[test]
fn the_public_address_has_no_slash_at_its_end() {
    let url = |set: &[(&str, &str)]| load(set, &[]).expect("sound").app().public_url;
    assert_eq!(url(&[]), "http://localhost:8080");
    assert_eq!(url(&[("HAAMU_LISTEN", "0.0.0.0:81")]), "http://localhost:81");
    let named = url(&[("HAAMU_PUBLIC_URL", "https://haamu.example/")]);
    assert_eq!(named, "https://haamu.example");
}

#[test]
fn a_password_is_never_shown() {
    let config = load(&[("HAAMU_DATABASE_URL", "postgres://u:hunter2@h/d")], &[]).expect("sound");
    assert!(!format!("{config:?}").contains("hunter2"));
    let wrong = load(&[("HAAMU_SMTP_URL", "imap://u:hunter2@h")], &[]);
    assert!(!wrong.expect_err("no mail server").to_string().contains("hunter2"));
}

#[test]
fn the_example_file_is_sound_when_uncommented() {
    let uncommented: String = example_file()
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|rest| rest.contains(" = "))
                .unwrap_or(line)
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let areas: Table = uncommented.parse().expect("TOML");
    let settings: usize = areas.values().filter_map(Value::as_table).map(Table::len).sum();
    assert_eq!(settings, SETTINGS.len());
}

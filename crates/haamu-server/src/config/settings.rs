//! Every setting, once.

/// What a setting is when nobody sets it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Default {
    Text(&'static str),
    Number(i64),
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) area: &'static str,
    pub(super) key: &'static str,
    pub(super) default: Default,
    /// What it does, in lines of the example file.
    pub(super) doc: &'static [&'static str],
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        area: "server",
        key: "listen",
        default: Default::Text("127.0.0.1:8080"),
        doc: &[
            "Address and port to listen on. Put a reverse proxy with TLS in front before",
            "opening it to others.",
        ],
    },
    Setting {
        area: "server",
        key: "public_url",
        default: Default::Text(""),
        doc: &[
            "The address by which people reach the server, such as https://haamu.example. Links in mails lead there, and",
            "passkeys are bound to its name. Empty: http://localhost with the port above.",
        ],
    },
    Setting {
        area: "server",
        key: "trusted_proxies",
        default: Default::Text(""),
        doc: &[
            "Addresses and networks of reverse proxies that are believed about where requests come from, such as",
            "`10.0.0.0/8, 2001:db8::1`.",
        ],
    },
    Setting {
        area: "server",
        key: "proxy_header",
        default: Default::Text("x-forwarded-for"),
        doc: &["The header that these proxies write: `x-forwarded-for` or `forwarded`."],
    },
    Setting {
        area: "server",
        key: "public_per_minute",
        default: Default::Number(600),
        doc: &["How many requests an address may make in a minute without having signed in; 0: any number."],
    },
    Setting {
        area: "server",
        key: "credentials_per_minute",
        default: Default::Number(60),
        doc: &[
            "The same for sign-in, set-up, invitations, new passwords and confirmations, which could be used to guess;",
            "0: any number.",
        ],
    },
    Setting {
        area: "storage",
        key: "data_dir",
        default: Default::Text("haamu-data"),
        doc: &[
            "Folder for the embedded database and files; used only where the two settings",
            "below are empty.",
        ],
    },
    Setting {
        area: "storage",
        key: "database_url",
        default: Default::Text(""),
        doc: &[
            "postgres://user:password@host/database, or sqlite:///path/to/file.",
            "Empty: SQLite in data_dir.",
        ],
    },
    Setting {
        area: "storage",
        key: "database_max_connections",
        default: Default::Number(10),
        doc: &["The greatest number of database connections of this process."],
    },
    Setting {
        area: "storage",
        key: "object_store",
        default: Default::Text(""),
        doc: &[
            "s3://bucket/prefix, with keys, region and endpoint in the usual AWS_… variables.",
            "The store must honour `If-None-Match: *`. Empty: a folder in data_dir.",
        ],
    },
    Setting {
        area: "identity",
        key: "access_token_minutes",
        default: Default::Number(15),
        doc: &["How long an access token is good; a lost role ends after at most this long."],
    },
    Setting {
        area: "identity",
        key: "refresh_token_days",
        default: Default::Number(30),
        doc: &["How long a device may be without network before its person must sign in again."],
    },
    Setting {
        area: "identity",
        key: "argon2_memory_kib",
        default: Default::Number(19_456),
        doc: &[
            "How passwords are hashed: memory in KiB, passes and lanes of argon2id. Where more is asked for than a hash",
            "was made with, it is made anew when its person signs in.",
        ],
    },
    Setting {
        area: "identity",
        key: "argon2_passes",
        default: Default::Number(2),
        doc: &["Passes over the memory."],
    },
    Setting {
        area: "identity",
        key: "argon2_lanes",
        default: Default::Number(1),
        doc: &["Lanes of the memory."],
    },
    Setting {
        area: "identity",
        key: "lock_out_attempts",
        default: Default::Number(10),
        doc: &[
            "After so many failed attempts in a row an account is locked before each further one. From the fourth on,",
            "pauses grow. An address is given ten times as many.",
        ],
    },
    Setting {
        area: "identity",
        key: "lock_out_minutes",
        default: Default::Number(15),
        doc: &["How long a lock lasts."],
    },
    Setting {
        area: "identity",
        key: "invitation_days",
        default: Default::Number(7),
        doc: &["How long an invitation can be accepted."],
    },
    Setting {
        area: "identity",
        key: "invitations_per_day",
        default: Default::Number(200),
        doc: &["How many mails with invitations one person of an agency causes on one day."],
    },
    Setting {
        area: "identity",
        key: "job_invitations_per_day",
        default: Default::Number(5_000),
        doc: &["How many shoppers one person of an agency asks on one day whether they want a visit."],
    },
    Setting {
        area: "identity",
        key: "provider_addresses",
        default: Default::Text("public"),
        doc: &[
            "Where identity providers may be: `public`, or `any` for such as stand in one's own network. Whoever",
            "administers an agency can make the server ask any address there then. With `public` they are asked without a",
            "proxy, which would look for their addresses itself; with `any`, HTTPS_PROXY and its like hold.",
        ],
    },
    Setting {
        area: "mail",
        key: "smtp_url",
        default: Default::Text(""),
        doc: &[
            "The mail server: smtps://user:password@host, or smtp://user:password@host:587?tls=required for STARTTLS.",
            "Empty: each mail is written into a file below data_dir/mail, for demos and trials.",
        ],
    },
    Setting {
        area: "mail",
        key: "mail_sender",
        default: Default::Text("Haamu <haamu@localhost>"),
        doc: &["Who mails come from."],
    },
    Setting {
        area: "mail",
        key: "mail_language",
        default: Default::Text("en"),
        doc: &["The language of mails to people whose language is not known: `fi`, `sv` or `en`."],
    },
    Setting {
        area: "uploads",
        key: "max_file_mib",
        default: Default::Number(20),
        doc: &["The longest photo or other file, in MiB."],
    },
    Setting {
        area: "uploads",
        key: "staging_days",
        default: Default::Number(7),
        doc: &["What has arrived of a file is forgotten when nothing more arrived for so many days."],
    },
    Setting {
        area: "uploads",
        key: "agency_staging_mib",
        default: Default::Number(20_480),
        doc: &["Room for an agency's files that are arriving, in MiB."],
    },
    Setting {
        area: "uploads",
        key: "submission_files_mib",
        default: Default::Number(500),
        doc: &["Room for the files of one submission, in MiB, those included that are arriving."],
    },
    Setting {
        area: "uploads",
        key: "agency_files_gib",
        default: Default::Number(1_024),
        doc: &["Room for an agency's files, in GiB, those included that are arriving."],
    },
    Setting {
        area: "devices",
        key: "min_builds",
        default: Default::Text(""),
        doc: &[
            "The least build of each app that may sync, such as `haamu-cli/0.2.0, haamu-field/1.4.0`.",
            "Older ones keep recording and are told to update. Apps that are not named may be of any build.",
        ],
    },
    Setting {
        area: "devices",
        key: "thumbnails_over",
        default: Default::Text("any"),
        doc: &["The networks for small previews of photos: `any` or `unmetered`."],
    },
    Setting {
        area: "devices",
        key: "originals_over",
        default: Default::Text("unmetered"),
        doc: &["The networks for photos themselves: `any` or `unmetered`. Answers go over any."],
    },
    Setting {
        area: "devices",
        key: "originals_any_hours",
        default: Default::Number(24),
        doc: &["From so many hours before a report is due, its photos go over any network; 0: never."],
    },
    Setting {
        area: "devices",
        key: "low_battery_percent",
        default: Default::Number(15),
        doc: &["With less of its battery than this, a device that is not charged sends answers only."],
    },
    Setting {
        area: "devices",
        key: "pause_seconds",
        default: Default::Number(0),
        doc: &[
            "How long devices that have nothing to send wait before they ask again. For a server",
            "that is under more load than it can bear.",
        ],
    },
    Setting {
        area: "worker",
        key: "workers",
        default: Default::Number(2),
        doc: &["How many background jobs this process does at a time; 0 leaves them to others."],
    },
    Setting {
        area: "worker",
        key: "job_lease_seconds",
        default: Default::Number(60),
        doc: &[
            "A job whose process was killed is taken over by another one after so many seconds. A process at work renews",
            "its claim three times as often. The clocks of the machines must agree to within a third of it.",
        ],
    },
    Setting {
        area: "log",
        key: "log",
        default: Default::Text("info"),
        doc: &["What to log, such as `info` or `haamu_app=debug,info`."],
    },
    Setting {
        area: "log",
        key: "log_format",
        default: Default::Text("text"),
        doc: &["`text` for people, `json` for machines."],
    },
];

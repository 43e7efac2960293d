//! The arrows between packages, and which outside packages a layer may use.

use anyhow::{Result, bail};

use crate::shell::note;
use crate::workspace::Workspace;

use super::reach;

/// What each package of the workspace may use of the others, in ordinary and build dependencies.
const ARROWS: &[(&str, &[&str])] = &[
    ("haamu-form", &[]),
    ("haamu-sync", &[]),
    ("haamu-sim", &["haamu-sync"]),
    ("haamu-domain", &["haamu-form", "haamu-sync"]),
    ("haamu-wire", &["haamu-form", "haamu-sync", "haamu-domain"]),
    ("haamu-stats", &["haamu-form"]),
    ("haamu-xlsform", &["haamu-form"]),
    ("haamu-table", &[]),
    ("haamu-migrations", &[]),
    ("haamu-store", &["haamu-form", "haamu-sync", "haamu-domain"]),
    ("haamu-report", &["haamu-form", "haamu-domain"]),
    (
        "haamu-app",
        &[
            "haamu-form",
            "haamu-sync",
            "haamu-domain",
            "haamu-store",
            "haamu-report",
            "haamu-table",
        ],
    ),
    (
        "haamu-server",
        &[
            "haamu-form",
            "haamu-domain",
            "haamu-wire",
            "haamu-store",
            "haamu-migrations",
            "haamu-app",
        ],
    ),
    (
        "haamu-client",
        &["haamu-form", "haamu-sync", "haamu-domain", "haamu-wire"],
    ),
    (
        "haamu-client-sqlite",
        &[
            "haamu-form",
            "haamu-sync",
            "haamu-domain",
            "haamu-wire",
            "haamu-client",
        ],
    ),
    (
        "haamu-cli",
        &[
            "haamu-form",
            "haamu-xlsform",
            "haamu-sync",
            "haamu-domain",
            "haamu-wire",
            "haamu-migrations",
            "haamu-server",
            "haamu-client",
            "haamu-client-sqlite",
        ],
    ),
    ("xtask", &[]),
];

/// The suites may use everything but the program.
pub(super) const TESTS: &str = "haamu-tests";
/// Nothing may use the program.
const PROGRAM: &str = "haamu-cli";

/// Outside packages that only some layers may name, with those layers; the suites may name all.
const OUTSIDE: &[(&[&str], &[&str])] = &[
    (&["sea-orm", "sqlx"], &["haamu-store", "haamu-migrations"]),
    (&["sea-orm-migration"], &["haamu-migrations"]),
    (&["axum", "tower", "tower-http", "utoipa-axum"], &["haamu-server"]),
    (&["utoipa"], &["haamu-server", "haamu-wire", "haamu-domain"]),
    (&["askama"], &["haamu-report"]),
    (&["calamine", "csv"], &["haamu-table", "haamu-xlsform"]),
    (&["rust_xlsxwriter"], &["haamu-xlsform"]),
    (&["object_store"], &["haamu-store"]),
    (&["image"], &["haamu-app", "haamu-client", "xtask"]),
    (&["argon2", "jsonwebtoken"], &["haamu-app"]),
    (&["rusqlite"], &["haamu-client-sqlite"]),
    (&["reqwest"], &["haamu-client", "haamu-server"]),
    (
        &["tokio", "tokio-util"],
        &[
            "haamu-app",
            "haamu-server",
            "haamu-store",
            "haamu-client",
            "haamu-client-sqlite",
            "haamu-cli",
        ],
    ),
    (&["anyhow"], &["haamu-cli", "xtask"]),
];

/// Prints every edge that the tables forbid, and fails if there is one.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut wrong = Vec::new();
    let mut edges = 0;
    for package in &workspace.packages {
        let name = package.name.as_str();
        if name != TESTS && !ARROWS.iter().any(|(known, _)| *known == name) {
            wrong.push(format!("{name} is in no table of this file"));
        }
        for dependency in &package.dependencies {
            if dependency.kind.as_deref() != Some("dev") {
                edges += 1;
                wrong.extend(complaint(name, &dependency.name));
            }
        }
    }
    if wrong.is_empty() {
        note(&format!(
            "{} packages and {edges} edges hold to the tables",
            workspace.packages.len()
        ));
        reach::check(workspace)
    } else {
        bail!("forbidden:\n  {}", wrong.join("\n  "))
    }
}

/// What is wrong with one edge, if anything.
fn complaint(from: &str, to: &str) -> Option<String> {
    let is_ours = to.starts_with("haamu-") || to == "xtask";
    let is_allowed = if is_ours && from == TESTS {
        to != PROGRAM && to != "xtask"
    } else if is_ours {
        ARROWS
            .iter()
            .any(|(name, uses)| *name == from && uses.contains(&to))
    } else {
        from == TESTS
            || OUTSIDE
                .iter()
                .all(|(packages, layers)| !packages.contains(&to) || layers.contains(&from))
    };
    (!is_allowed).then(|| format!("{from} → {to}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_judged_by_the_tables() {
        assert_eq!(
            complaint("haamu-form", "haamu-sync").as_deref(),
            Some("haamu-form → haamu-sync")
        );
        assert_eq!(
            complaint("haamu-app", "axum").as_deref(),
            Some("haamu-app → axum")
        );
        assert_eq!(
            complaint("haamu-server", "haamu-cli").as_deref(),
            Some("haamu-server → haamu-cli")
        );
        assert_eq!(
            complaint("haamu-tests", "haamu-cli").as_deref(),
            Some("haamu-tests → haamu-cli")
        );
        assert_eq!(
            complaint("xtask", "haamu-form").as_deref(),
            Some("xtask → haamu-form")
        );
        assert_eq!(complaint("haamu-server", "haamu-app"), None);
        assert_eq!(complaint("haamu-store", "sea-orm"), None);
        assert_eq!(complaint("haamu-tests", "axum"), None);
    }

    #[test]
    fn the_workspace_holds_to_the_tables() {
        check(&Workspace::find().expect("the workspace")).expect("no forbidden edge");
    }
}

//! Where the server reaches across agencies: few places, each with its reason.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell::note;
use crate::workspace::Workspace;

/// What is written where a transaction reaches the rows of all agencies.
const WORDS: [&str; 4] = [
    "Reach::Server",
    ".look_across(",
    ".act_across(",
    ".act_alone_across(",
];

/// Files, how many such places they have, and why.
const PLACES: &[(&str, usize, &str)] = &[
    ("haamu-app/src/context.rs", 3, "the ways across themselves"),
    (
        "haamu-app/src/devices/mod.rs",
        1,
        "a device of another agency is refused, not enrolled twice",
    ),
    (
        "haamu-app/src/identity/agencies.rs",
        1,
        "the operator lists all of them",
    ),
    (
        "haamu-app/src/identity/challenges.rs",
        1,
        "the secret of a sign-in tells the agency",
    ),
    (
        "haamu-app/src/identity/email.rs",
        2,
        "an account belongs to a person of several agencies",
    ),
    (
        "haamu-app/src/identity/invitations.rs",
        3,
        "the secret of a link tells the agency; sessions of an account that is handed over end in all of them",
    ),
    (
        "haamu-app/src/identity/members.rs",
        1,
        "whether a person is of another agency as well",
    ),
    (
        "haamu-app/src/identity/oidc_sign_in.rs",
        1,
        "the secret of a ceremony tells the agency",
    ),
    (
        "haamu-app/src/identity/passkeys.rs",
        4,
        "the passkey tells the person, and they the agency; factors are a person's, in all their agencies",
    ),
    (
        "haamu-app/src/identity/password_change.rs",
        4,
        "a password is a person's, in all their agencies",
    ),
    (
        "haamu-app/src/identity/registration/conditions.rs",
        1,
        "the name in the address tells the agency",
    ),
    (
        "haamu-app/src/identity/registration/confirm.rs",
        2,
        "the secret of a link tells the agency",
    ),
    (
        "haamu-app/src/identity/registration/decide.rs",
        1,
        "sessions of an account that is handed over end in all agencies",
    ),
    (
        "haamu-app/src/identity/second_factors.rs",
        4,
        "factors are a person's, in all their agencies",
    ),
    (
        "haamu-app/src/identity/service_tokens.rs",
        1,
        "the token tells the agency",
    ),
    (
        "haamu-app/src/identity/sessions.rs",
        2,
        "the token tells the agency; sessions end in all of them",
    ),
    (
        "haamu-app/src/identity/sign_in.rs",
        1,
        "the agencies of a person are looked for",
    ),
    (
        "haamu-app/src/jobs/mod.rs",
        2,
        "the next job, of whichever agency, and how many there are",
    ),
    ("haamu-app/src/retention/mod.rs", 1, "each agency has its night"),
    (
        "haamu-app/src/retention/rows.rs",
        1,
        "an account goes when no agency knows its person",
    ),
    (
        "haamu-app/src/sync/custody.rs",
        1,
        "the operator compares the logs of all agencies",
    ),
    (
        "haamu-app/src/sync/deposit.rs",
        1,
        "the signature of a device tells the agency",
    ),
    (
        "haamu-store/src/reach.rs",
        1,
        "what is about all agencies is refused elsewhere",
    ),
];

/// Prints where places and table differ, and fails if they do.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let crates = workspace.root.join("crates");
    let mut found = BTreeMap::new();
    for package in fs::read_dir(&crates)? {
        let source = package?.path().join("src");
        if source.is_dir() && !source.starts_with(crates.join("xtask")) {
            count_in(&crates, &source, &mut found)?;
        }
    }
    let wrong = differences(&found, PLACES);
    if wrong.is_empty() {
        let places: usize = found.values().sum();
        note(&format!(
            "{places} places reach across agencies, all in the table"
        ));
        Ok(())
    } else {
        bail!("across agencies:\n  {}", wrong.join("\n  "))
    }
}

/// Counts the places in a folder's files, by their path below `root`.
fn count_in(root: &Path, folder: &Path, found: &mut BTreeMap<String, usize>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            count_in(root, &path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let places = places(&fs::read_to_string(&path)?);
            let name = path.strip_prefix(root).context("a path below the root")?;
            if places > 0 {
                found.insert(name.to_string_lossy().into_owned(), places);
            }
        }
    }
    Ok(())
}

fn places(source: &str) -> usize {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.map(|line| WORDS.iter().map(|word| line.matches(word).count()).sum::<usize>())
        .sum()
}

fn differences(found: &BTreeMap<String, usize>, table: &[(&str, usize, &str)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (file, count) in found {
        let expected = table.iter().find(|(known, ..)| known == file);
        let expected = expected.map_or(0, |(_, count, _)| *count);
        if *count != expected {
            wrong.push(format!("{file} has {count} places, the table {expected}"));
        }
    }
    let gone = table.iter().filter(|(file, ..)| !found.contains_key(*file));
    wrong.extend(gone.map(|(file, ..)| format!("{file} has none any more")));
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_code_only() {
        let source =
            "// Reach::Server\n    self.look_across(|tx| a)\n.write(Reach::Server, b)\nfn act_across<T>() {}";
        assert_eq!(places(source), 2);
    }

    #[test]
    fn a_place_that_is_in_no_table_is_told() {
        let found = BTreeMap::from([("a.rs".to_owned(), 1), ("b.rs".to_owned(), 2)]);
        let wrong = differences(&found, &[("b.rs", 2, "why"), ("c.rs", 1, "why")]);
        assert_eq!(
            wrong,
            ["a.rs has 1 places, the table 0", "c.rs has none any more"]
        );
    }
}

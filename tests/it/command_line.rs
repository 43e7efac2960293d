//! The command-line contracts that scripts rely on.

use std::path::{Path, PathBuf};
use std::process::Output;

use haamu_tests::process::{ServerProcess, run};
use serde_json::{Value, json};
use tempfile::TempDir;

fn example(name: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy/examples")
        .join(name);
    path.to_str().expect("text").to_owned()
}

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("text").to_owned()
    }
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON on standard output")
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

const TINY: &str =
    r#"{"sections": [{"id": "s", "questions": [{"id": "q", "type": "yes_no", "points": "3"}]}]}"#;

#[tokio::test]
async fn score_prints_the_result() {
    let files = Files::new();
    let checklist = files.write("checklist.json", TINY);
    let answers = files.write("answers.json", r#"{"answers": {"q": "yes"}}"#);
    let output = run(&["score", "--checklist", &checklist, "--answers", &answers], None).await;
    assert_eq!(code(&output), Some(0));
    let result = json_of(&output);
    assert_eq!(
        (&result["final"], &result["display"]),
        (&json!("1"), &json!("100.0"))
    );
    assert!(output.stderr.is_empty());
}

#[tokio::test]
async fn score_says_what_is_wrong_with_a_document() {
    let files = Files::new();
    let checklist = files.write("checklist.json", TINY);
    let answers = files.write("answers.json", r#"{"answers": {"unheard": "yes"}}"#);
    let output = run(&["score", "--checklist", &checklist, "--answers", &answers], None).await;
    assert_eq!(code(&output), Some(1));
    let error = &json_of(&output)["error"];
    assert_eq!(
        (&error["code"], &error["path"]),
        (&json!("answer_unknown_question"), &json!("answers.unheard"))
    );
}

#[tokio::test]
async fn a_call_that_cannot_be_used_exits_with_2() {
    let none = example("answers/retail-warm.json") + ".none";
    for arguments in [
        &["score"][..],
        &["score", "--checklist", &none, "--answers", &none],
        &["checklist", "check", &none],
        &["checklist", "check"],
        &["unheard-of"],
    ] {
        let output = run(arguments, None).await;
        assert_eq!(code(&output), Some(2), "{arguments:?}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{arguments:?}"
        );
    }
}

#[tokio::test]
async fn a_batch_answers_line_by_line() {
    let files = Files::new();
    let line = |answer: &str| format!(r#"{{"checklist": {TINY}, "answers": {{"q": "{answer}"}}}}"#);
    let input = format!(
        "{}\n\n{}\nnot JSON\n{}\n{{}}\n",
        line("yes"),
        line("no"),
        line("maybe")
    );
    let input = files.write("lines.jsonl", &input);
    let output = run(&["score", "--batch"], Some(Path::new(&input))).await;
    assert_eq!(code(&output), Some(0));
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let finals: Vec<_> = lines.iter().map(|line| line["final"].as_str()).collect();
    assert_eq!(finals, [Some("1"), Some("0"), None, None, None]);
    let codes: Vec<_> = lines[2..]
        .iter()
        .map(|line| line["error"]["code"].as_str().expect("a code"))
        .collect();
    assert_eq!(codes[0], "json_syntax");
    assert_eq!(codes.len(), 3);
}

#[tokio::test]
async fn a_line_that_is_no_text_is_an_error_and_the_next_is_scored() {
    let files = Files::new();
    let line = format!(r#"{{"checklist": {TINY}, "answers": {{"q": "yes"}}}}"#);
    let path = files.write("lines.jsonl", "");
    let bytes = [b"\xff\xfe{}\n".as_slice(), b"{\"a\": \"\0\"}\n", line.as_bytes()].concat();
    std::fs::write(&path, bytes).expect("a file");
    let output = run(&["score", "--batch"], Some(Path::new(&path))).await;
    assert_eq!(code(&output), Some(0));
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["error"]["code"], "not_utf8");
    assert_eq!(lines[1]["error"]["code"], "json_syntax");
    assert_eq!(lines[2]["final"], "1");
}

#[tokio::test]
async fn the_reference_of_the_format_is_printed() {
    let output = run(&["checklist", "schema"], None).await;
    assert_eq!(code(&output), Some(0));
    let schema = json_of(&output);
    assert_eq!(schema["title"], "haamu-checklist/1");
    assert!(schema["properties"]["sections"].is_object());
}

#[tokio::test]
async fn a_sound_checklist_has_no_error() {
    for name in ["retail-store-visit", "restaurant-visit", "remote-service-contact"] {
        let output = run(
            &["checklist", "check", &example(&format!("checklists/{name}.json"))],
            None,
        )
        .await;
        assert_eq!(code(&output), Some(0), "{name}");
    }
}

#[tokio::test]
async fn the_findings_of_a_checklist_are_lines_or_json() {
    let files = Files::new();
    let unsound = files.write("unsound.json", &TINY.replace("\"3\"", "3"));
    let lines = run(&["checklist", "check", &unsound], None).await;
    assert_eq!(code(&lines), Some(1));
    let text = String::from_utf8(lines.stdout).expect("text");
    assert!(
        text.starts_with("error wrong_type sections[0].questions[0].points "),
        "{text}"
    );
    let output = run(&["checklist", "check", "--format", "json", &unsound], None).await;
    assert_eq!(code(&output), Some(1));
    let finding = &json_of(&output)[0];
    assert_eq!(
        (&finding["severity"], &finding["code"]),
        (&json!("error"), &json!("wrong_type"))
    );
    assert_eq!(finding["path"], "sections[0].questions[0].points");
    let broken = files.write("broken.json", "{");
    assert_eq!(code(&run(&["checklist", "check", &broken], None).await), Some(1));
}

#[tokio::test]
async fn a_difference_is_told_by_questions_and_options() {
    let files = Files::new();
    let old = files.write("old.json", TINY);
    let new = files.write("new.json", &TINY.replace("\"3\"", "\"4\""));
    let output = run(&["checklist", "diff", &old, &new], None).await;
    assert_eq!(code(&output), Some(0));
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(
        text.starts_with("question q ") && text.contains("rescored") && text.contains("may differ"),
        "{text}"
    );
    let output = run(&["checklist", "diff", &old, &new, "--format", "json"], None).await;
    assert_eq!(json_of(&output)["questions"][0]["changes"], json!(["rescored"]));
    let broken = files.write("broken.json", "{");
    assert_eq!(
        code(&run(&["checklist", "diff", &old, &broken], None).await),
        Some(1)
    );
}

#[tokio::test]
async fn lost_points_are_explained() {
    let files = Files::new();
    let checklist = files.write("checklist.json", TINY);
    let answers = files.write("answers.json", r#"{"answers": {"q": "no"}}"#);
    let output = run(
        &[
            "checklist",
            "explain",
            &checklist,
            "--answers",
            &answers,
            "--lang",
            "fi",
        ],
        None,
    )
    .await;
    assert_eq!(code(&output), Some(0));
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(
        text.starts_with("0.0 %") && text.contains("Kohtaamisstandardi ei täyttynyt."),
        "{text}"
    );
    let output = run(
        &[
            "checklist",
            "explain",
            &checklist,
            "--answers",
            &answers,
            "--format",
            "json",
        ],
        None,
    )
    .await;
    let both = json_of(&output);
    assert_eq!(
        (&both["score"]["final"], &both["trace"][0]["effect"]),
        (&json!("0"), &json!("-1"))
    );
}

#[tokio::test]
async fn answers_are_tried_as_at_some_place() {
    let files = Files::new();
    let document = json!({"format_minor": 2, "location_attributes": [{"id": "drive_in", "type": "yes_no"}],
        "sections": [{"id": "s", "questions": [{"id": "q", "type": "yes_no", "points": "1"},
            {"id": "lane", "type": "yes_no", "points": "1", "show_if":
                {"context": "location.drive_in", "op": "equals", "value": "yes"}}]}]});
    let checklist = files.write("checklist.json", &document.to_string());
    let answers = files.write(
        "answers.json",
        r#"{"answers": {"q": "yes", "lane": "no"}, "context": {"location.drive_in": "no"}}"#,
    );
    let score = ["score", "--checklist", &checklist, "--answers", &answers];
    let explain = ["checklist", "explain", &checklist, "--answers", &answers];
    for (context, display, is_said) in [
        ("no", "100.0", false),
        ("yes", "50.0", false),
        ("perhaps", "100.0", true),
    ] {
        let context = format!("location.drive_in={context}");
        let output = run(&[&score[..], &["--context", &context]].concat(), None).await;
        assert_eq!(json_of(&output)["display"], display, "{context}");
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(said.contains("context.location.drive_in"), is_said, "{said}");
        let output = run(&[&explain[..], &["--context", &context]].concat(), None).await;
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(text.starts_with(&format!("{display} %")), "{text}");
    }
    let output = run(&[&score[..], &["--context", "moon=full"]].concat(), None).await;
    assert_eq!(code(&output), Some(2));
}

#[tokio::test]
async fn forms_are_imported_and_exported() {
    let files = Files::new();
    let form = files.write(
        "form.md",
        "| survey | | | |\n| | type | name | label |\n| | note | n | Hello |\n| | text | story | Tell |\n",
    );
    let output = run(&["checklist", "import", &form], None).await;
    assert_eq!(code(&output), Some(0));
    assert_eq!(json_of(&output)["sections"][0]["questions"][0]["id"], "story");
    let told = String::from_utf8(output.stderr).expect("text");
    assert!(
        told.contains("survey row 2 column type") && told.contains("note_ignored"),
        "{told}"
    );
    let nonsense = files.write("form.xlsx", "no workbook");
    assert_eq!(
        code(&run(&["checklist", "import", &nonsense], None).await),
        Some(1)
    );
    let book = files.write("book.xlsx", "");
    let output = run(
        &[
            "checklist",
            "export",
            &example("checklists/retail-store-visit.json"),
            "-o",
            &book,
        ],
        None,
    )
    .await;
    assert_eq!(code(&output), Some(0));
    let again = run(&["checklist", "import", &book], None).await;
    assert_eq!(
        (code(&again), &json_of(&again)["id"]),
        (Some(0), &json!("retail-store-visit"))
    );
}

#[tokio::test]
async fn the_api_document_is_printed() {
    let output = run(&["openapi"], None).await;
    assert_eq!(code(&output), Some(0));
    let printed = String::from_utf8(output.stdout).expect("text");
    let is_published = printed == include_str!("../../openapi/openapi.json");
    assert!(is_published, "it is not the published one: `cargo xtask openapi`");
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let files = Files::new();
    let config = files.write("config.toml", "listen = \"here\"\n");
    let output = run(&["serve", "--config", &config], None).await;
    assert_ne!(code(&output), Some(0));
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(said.contains("listen"), "{said}");
}

#[tokio::test]
async fn an_operator_counts_what_is_to_be_deleted_and_deletes_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = ServerProcess::start(folder.path(), Vec::new()).await;
    let said = async |arguments: &[&str]| {
        let output = server.run_beside(arguments).await;
        assert_eq!(code(&output), Some(0), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    let nothing = "There is no agency yet, and nothing to delete.\n";
    assert_eq!(said(&["purge", "--dry-run"]).await, nothing);
    let setup = json!({"code": server.setup_code, "agency_name": "Haamu Oy", "email": "admin@haamu.example",
        "display_name": "Helmi Ahonen", "password": "three random words here"});
    let admin = server.post("setup", "", &setup).await;
    let token = admin["access_token"].as_str().expect("a token");
    let counted = said(&["purge", "--dry-run"]).await;
    assert!(
        counted.contains("to delete:\n  photo ") && counted.lines().count() == 11,
        "{counted}"
    );
    let log = server.get("agency/purges", token).await;
    assert_eq!(log["items"], json!([]), "nothing was begun");
    let deleted = said(&["purge"]).await;
    assert!(deleted.contains("deleted today:\n  photo "), "{deleted}");
    let log = server.get("agency/purges", token).await;
    assert_eq!(log["items"].as_array().map(Vec::len), Some(10));
}

#[tokio::test]
async fn an_operator_adds_agencies_and_lists_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = ServerProcess::start(folder.path(), Vec::new()).await;
    let tried = async |arguments: &[&str], expected: i32| {
        let output = server.run_beside(arguments).await;
        assert_eq!(code(&output), Some(expected), "{output:?}");
        let said = if expected == 0 {
            output.stdout
        } else {
            output.stderr
        };
        String::from_utf8(said).expect("text")
    };
    let list = &["agency", "list"][..];
    assert_eq!(tried(list, 0).await, "There is no agency yet.\n");
    let add = [
        "agency",
        "add",
        "--name",
        "Länsi Oy",
        "--email",
        "johtaja@new.example",
        "--language",
        "sv",
    ];
    let early = tried(&add, 1).await;
    assert!(
        early.contains("make the first one with the set-up code"),
        "{early}"
    );
    let setup = json!({"code": server.setup_code, "agency_name": "Haamu Oy", "email": "admin@haamu.example",
        "display_name": "Helmi Ahonen", "password": "three random words here"});
    let _ = server.post("setup", "", &setup).await;
    let added = tried(&add, 0).await;
    assert!(
        added.starts_with("Agency ") && added.contains("An invitation goes to johtaja@new.example"),
        "{added}"
    );
    let listed = tried(list, 0).await;
    let lines: Vec<&str> = listed.lines().collect();
    assert!(
        lines.len() == 2 && lines[0].ends_with("  1 administrators  Haamu Oy"),
        "{listed}"
    );
    assert!(lines[1].ends_with("  0 administrators  Länsi Oy"), "{listed}");
    let id = lines[1].split_whitespace().next().expect("an id");
    let invite = [
        "agency",
        "invite",
        "--agency",
        id,
        "--email",
        "toinen@new.example",
    ];
    assert!(tried(&invite, 0).await.contains("toinen@new.example"));
    let first = lines[0].split_whitespace().next().expect("an id");
    let invite = [
        "agency",
        "invite",
        "--agency",
        first,
        "--email",
        "toinen@new.example",
    ];
    assert!(tried(&invite, 1).await.contains("has an administrator"));
    let wrong = tried(&["agency", "add", "--name", " ", "--email", "nobody"], 1).await;
    assert!(wrong.contains("name: ") && wrong.contains("email: "), "{wrong}");
    let unusable = [
        "agency",
        "add",
        "--name",
        "Itä",
        "--email",
        "x@new.example",
        "--language",
        "de",
    ];
    assert!(tried(&unusable, 2).await.contains("one of fi, sv, en"));
}

#[tokio::test]
async fn no_agency_is_added_where_there_is_no_server() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let nowhere = folder.path().join("nowhere");
    let nowhere = nowhere.to_str().expect("text");
    let add = [
        "agency",
        "add",
        "--name",
        "Itä",
        "--email",
        "x@new.example",
        "--data-dir",
        nowhere,
    ];
    for arguments in [&add[..], &["agency", "list", "--data-dir", nowhere]] {
        let output = run(arguments, None).await;
        assert_eq!(code(&output), Some(1), "{output:?}");
        let said = String::from_utf8(output.stderr).expect("text");
        assert!(said.contains("there is no data folder"), "{said}");
    }
    assert!(!Path::new(nowhere).exists(), "nothing was made");
}

#[tokio::test]
async fn every_command_has_its_help() {
    for command in [
        &["--help"][..],
        &["serve", "--help"],
        &["score", "--help"],
        &["checklist", "check", "--help"],
        &["device", "--help"],
        &["device", "answer", "--help"],
        &["openapi", "--help"],
        &["purge", "--help"],
        &["agency", "--help"],
        &["agency", "add", "--help"],
        &["agency", "list", "--help"],
    ] {
        let output = run(command, None).await;
        assert_eq!(code(&output), Some(0), "{command:?}");
        assert!(
            String::from_utf8_lossy(&output.stdout).contains("Usage:"),
            "{command:?}"
        );
    }
}

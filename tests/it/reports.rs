//! The visit report in three languages: the least that there can be of it, and a rich one.

use haamu_domain::{CoarseTime, Daypart, Redactor, VisitId, Zone};
use haamu_form::{Checklist, Decisions, Draft, Language, parse_answers_file, score, trace};
use haamu_report::{PhotoSource, ReportContext, ReportInput, VisitReport, render_html};
use haamu_tests::agency::small_checklist;
use serde_json::{Value, json};
use uuid::Uuid;

const RETAIL: &str = include_str!("../../deploy/examples/checklists/retail-store-visit.json");
const DISRESPECT: &str = include_str!("../../deploy/examples/answers/retail-disrespect.json");

fn context(is_month_only: bool) -> ReportContext {
    ReportContext {
        counts_in: haamu_domain::LocalDate::parse("2026-11-30").expect("a date"),
        visit: VisitId::from_uuid(Uuid::from_u128(1)),
        agency: "Haamu Oy".to_owned(),
        client_organisation: "Lumikko & pojat <oy>".to_owned(),
        programme: "Myymälät".to_owned(),
        round: "Marraskuu".to_owned(),
        location: "Kallio".to_owned(),
        city: "Helsinki".to_owned(),
        checklist_hash: "0f".repeat(32),
        time: CoarseTime {
            year: 2026,
            week: 47,
            month_year: 2026,
            month: 11,
            daypart: Daypart::Midday,
        },
        is_month_only,
    }
}

struct Sample {
    checklist: Checklist,
    draft: Draft,
    photos: Vec<PhotoSource>,
    is_month_only: bool,
}

/// Nothing but what had to be answered.
fn least() -> Sample {
    let checklist = Checklist::parse(&small_checklist().to_string()).expect("sound");
    let (answers, _) = parse_answers_file(&checklist, &json!({"answers": {}}).to_string()).expect("answers");
    Sample {
        draft: Draft::new(answers),
        checklist,
        photos: Vec::new(),
        is_month_only: true,
    }
}

/// A critical answer, comments with what is to be masked, photos.
fn rich() -> Sample {
    let checklist = Checklist::parse(RETAIL).expect("sound");
    let file: Value = serde_json::from_str(DISRESPECT).expect("JSON");
    let shorthand = json!({"answers": file["answers"]}).to_string();
    let (answers, _) = parse_answers_file(&checklist, &shorthand).expect("answers");
    let mut draft = Draft::new(answers);
    let index = |id: &str| checklist.question_index(id).expect("a question");
    draft.set_comment(
        index("disrespect"),
        "Aino Virtasaarelle naurettiin. <b>Ääneen</b>.",
    );
    let photo = PhotoSource {
        slot: index("photo_entrance").into(),
        caption: Some("Ovi \"auki\"".to_owned()),
        width: 1600,
        height: 1200,
    };
    Sample {
        draft,
        photos: vec![photo],
        checklist,
        is_month_only: false,
    }
}

fn build(sample: &Sample, language: Language) -> (VisitReport, String) {
    let scored = score(&sample.checklist, sample.draft.answers(), Decisions::default());
    let traced = trace(&sample.checklist, sample.draft.answers(), &scored);
    let zone = Zone::named("Europe/Helsinki").expect("a zone");
    let redactor = Redactor::new("Aino Virtasaari", "aino@haamu.example", &[], &zone);
    let input = ReportInput {
        context: context(sample.is_month_only),
        checklist: &sample.checklist,
        evaluation: &sample.draft,
        score: &scored,
        trace: &traced,
        redactor: &redactor,
        photos: &sample.photos,
        purged: &std::collections::BTreeSet::new(),
        language,
    };
    let report = VisitReport::build(&input);
    let jpegs = vec![b"\xff\xd8\xff".to_vec(); sample.photos.len()];
    let page = render_html(&report, language, &jpegs).expect("a page");
    (report, page)
}

#[test]
fn pages() {
    for (name, sample) in [("least", least()), ("rich", rich())] {
        for language in [Language::Finnish, Language::Swedish, Language::English] {
            let (_, page) = build(&sample, language);
            insta::assert_snapshot!(format!("{name}-{}", language.tag()), page);
        }
    }
}

#[test]
fn documents() {
    for (name, sample) in [("least", least()), ("rich", rich())] {
        let (report, _) = build(&sample, Language::English);
        insta::assert_json_snapshot!(format!("{name}-json"), report);
        // Clients read the same format with the types that are published for them.
        let text = serde_json::to_string(&report).expect("JSON");
        let read: haamu_wire::VisitReportOut = serde_json::from_str(&text).expect("the published type");
        assert_eq!(
            serde_json::to_value(&read).expect("JSON"),
            serde_json::to_value(&report).expect("JSON")
        );
    }
}

#[test]
fn pages_are_whole_and_safe() {
    let (_, page) = build(&rich(), Language::Swedish);
    assert!(
        page.contains("&#60;b&#62;") && !page.contains("<b>Ääneen</b>"),
        "markup of a comment is text"
    );
    assert!(
        !page.contains("Virtasaar") && !page.contains("Aino"),
        "the shopper is not named"
    );
    for outside in ["http://", "https://", "<script", "url("] {
        assert!(!page.contains(outside), "a page loads nothing: {outside}");
    }
    assert!(
        page.contains("<html lang=\"sv\">") && page.contains("lang=\"fi\""),
        "a fallback is marked"
    );
    assert_eq!(page.matches("<h1").count(), 1);
    assert_eq!(page.matches("<img").count(), page.matches(" alt=\"").count());
}

//! Whole forms.

use haamu_form::{Answers, Checklist, Decisions, Draft, Language, Stage, score};
use haamu_xlsform::{ImportError, Imported, Workbook, export, import, import_questions};
use proptest::prelude::*;
use serde_json::{Value, json};

fn form(markdown: &str) -> Imported {
    import(&Workbook::from_markdown(markdown)).expect("imported")
}

fn questions(imported: &Imported) -> Vec<Value> {
    let sections = imported.document["sections"].as_array().expect("sections");
    sections
        .iter()
        .flat_map(|section| section["questions"].as_array().expect("questions").clone())
        .collect()
}

fn notices(imported: &Imported) -> Vec<String> {
    imported
        .notices
        .iter()
        .map(|notice| {
            format!(
                "{} {} {} {}",
                notice.place.sheet, notice.place.row, notice.place.column, notice.code
            )
        })
        .collect()
}

const SHOP: &str = "
| survey  |                     |          |                       |                     |                   |          |            |
|         | type                | name     | label::English (en)   | label::Suomi (fi)   | relevant          | required | constraint |
|         | start               | start    |                       |                     |                   |          |            |
|         | begin group         | arrival  | Arrival               | Saapuminen          |                   |          |            |
|         | select_one yes_no   | greeted  | Were you greeted?     | Tervehdittiinkö?    |                   | yes      |            |
|         | text                | why      | Why not?              | Miksi ei?           | ${greeted} = 'no' |          |            |
|         | integer             | minutes  | Minutes               | Minuutteja          |                   |          | . < 60     |
|         | end group           |          |                       |                     |                   |          |            |
|         | select_multiple sig | signs    | Signs                 | Merkit              | ${minutes} > 2    |          |            |
|         | begin group         | end      | End                   | Loppu               | selected(${signs}, 'a b') or ${minutes} != 5 | |     |
|         | begin group         | inner    |                       |                     | ${greeted} != ''  |          |            |
|         | image               | photo    | Photo                 | Kuva                |                   |          |            |
|         | end group           |          |                       |                     |                   |          |            |
|         | note                | bye      | Goodbye               | Näkemiin            |                   |          |            |
|         | end group           |          |                       |                     |                   |          |            |
| choices |                     |          |                       |                     |                   |          |            |
|         | list_name           | name     | label::English (en)   | label::Suomi (fi)   |                   |          |            |
|         | yes_no              | yes      | Yes                   | Kyllä               |                   |          |            |
|         | yes_no              | no       | No                    | Ei                  |                   |          |            |
|         | sig                 | a b      | Smile                 | Hymy                |                   |          |            |
|         | sig                 | c        | Eyes                  | Katse               |                   |          |            |
| settings |                    |          |                       |                     |                   |          |            |
|         | form_title          | form_id  | version               | default_language    |                   |          |            |
|         | Store visit         | store    | 2026112201            | Suomi (fi)          |                   |          |            |
";

#[test]
fn a_form_becomes_a_checklist() {
    let imported = form(SHOP);
    let document = &imported.document;
    assert_eq!(
        (&document["id"], &document["version"]),
        (&json!("store"), &json!(2_026_112_201_u32))
    );
    assert_eq!(document["title"], json!({"fi": "Store visit"}));
    assert_eq!(
        (&document["languages"], &document["default_language"]),
        (&json!(["fi", "en"]), &json!("fi"))
    );
    let sections: Vec<_> = document["sections"]
        .as_array()
        .expect("sections")
        .iter()
        .map(|section| section["id"].clone())
        .collect();
    assert_eq!(sections, ["arrival", "questions", "end"]);
    let types: Vec<_> = questions(&imported)
        .iter()
        .map(|question| (question["id"].clone(), question["type"].clone()))
        .collect();
    assert_eq!(
        json!(types),
        json!([
            ["greeted", "yes_no"],
            ["why", "text"],
            ["minutes", "number"],
            ["signs", "multi_choice"],
            ["photo", "photo"]
        ])
    );
    assert_eq!(questions(&imported)[0]["required"], true);
    assert_eq!(
        questions(&imported)[0]["text"],
        json!({"en": "Were you greeted?", "fi": "Tervehdittiinkö?"})
    );
    assert_eq!(questions(&imported)[3]["options"][0]["id"], "a_b");
}

#[test]
fn conditions_mean_the_same() {
    let imported = form(SHOP);
    let conditions: Vec<_> = questions(&imported)
        .iter()
        .map(|question| question.get("show_if").cloned())
        .collect();
    assert_eq!(
        conditions[1],
        Some(json!({"question": "greeted", "op": "equals", "value": "no"}))
    );
    assert_eq!(
        conditions[3],
        Some(json!({"question": "minutes", "op": "gt", "value": "2"}))
    );
    // A missing answer differs from 5 in XPath, as in not(equals) here.
    assert_eq!(
        imported.document["sections"][2]["show_if"],
        json!({"any": [
        {"question": "signs", "op": "equals", "value": "a_b"}, {"not": {"question": "minutes", "op": "equals", "value": "5"}}]})
    );
    assert_eq!(
        conditions[4],
        Some(json!({"question": "greeted", "op": "answered"}))
    );
    let checklist = Checklist::parse(&imported.document.to_string()).expect("sound");
    let answers = Answers::parse(&checklist, r#"{"greeted": "no"}"#).expect("sound");
    assert_eq!(
        score::shown_questions(&checklist, &answers),
        [true, true, true, false, true]
    );
}

#[test]
fn what_is_left_out_is_named_with_sheet_row_and_column() {
    assert_eq!(
        notices(&form(SHOP)),
        [
            "survey 2 type metadata_ignored",
            "survey 6 type type_differs",
            "survey 13 type note_ignored",
        ]
    );
}

#[test]
fn constraints_of_one_answer_become_limits() {
    let rows = [
        ("integer", ". < 60", json!([null, "59", null, null])),
        ("int", "0 < . and 10 >= .", json!(["1", "10", null, null])),
        (
            "decimal",
            ". >= -2.5 and . <= 40",
            json!(["-2.5", "40", null, null]),
        ),
        (
            "text",
            "string-length(.) > 4 and string-length(.) <= 9",
            json!([null, null, 5, 9]),
        ),
    ];
    for (kind, constraint, expected) in rows {
        let table = format!(
            "| survey | | | | |\n| | type | name | label | constraint |\n| | {kind} | q | Q | {constraint} |\n"
        );
        let imported = form(&table);
        let question = &questions(&imported)[0];
        let found = ["min", "max", "min_chars", "max_chars"].map(|key| question[key].clone());
        assert_eq!(json!(found), expected, "{constraint}");
        let of_constraint = |notice: &&String| notice.contains("constraint");
        assert_eq!(notices(&imported).iter().find(of_constraint), None);
        let again = export(&Checklist::parse(&imported.document.to_string()).expect("sound"));
        let again = import(&Workbook::from_markdown(&again.to_markdown())).expect("imported");
        let question = &questions(&again)[0];
        let found = ["min", "max", "min_chars", "max_chars"].map(|key| question[key].clone());
        assert_eq!(json!(found), expected, "{constraint}");
    }
    for (kind, constraint) in [
        ("integer", ". > ${other}"),
        ("integer", ". >"),
        ("text", "regex(., '[a-z]+')"),
        ("text", "string-length(.) >= -1"),
        ("begin group", ". > 1"),
    ] {
        let table = format!(
            "| survey | | | | |\n| | type | name | label | constraint |\n| | {kind} | q | Q | {constraint} |\n"
        );
        let told = notices(&form(&table));
        let told = told
            .iter()
            .any(|notice| notice == "survey 2 constraint constraint_ignored");
        assert!(told, "{constraint}");
    }
}

#[test]
fn constraints_beyond_limits_become_rules() {
    let imported = form(
        "
| survey |          |       |       |                       |                          |                        |
|        | type     | name  | label | constraint            | constraint_message::English (en) | constraint_message::Suomi (fi) |
|        | datetime | in    | In    |                       |                          |                        |
|        | datetime | out   | Out   | . >= ${in}            | Departure before arrival | Lähtö ennen saapumista |
|        | decimal  | share | Share | . < 1                 |                          |                        |
|        | integer  | n     | N     | . = 1 or . = 3        |                          |                        |",
    );
    assert_eq!(notices(&imported), ["survey 5 type type_differs"]);
    let checklist = Checklist::parse(&imported.document.to_string()).expect("sound");
    let broken = |answers: Value| -> Vec<String> {
        let answers = Answers::parse(&checklist, &answers.to_string()).expect("sound");
        let findings = Draft::new(answers).findings(&checklist, Stage::Whole);
        findings
            .iter()
            .map(|finding| format!("{} {}", finding.path, finding.text(Language::Finnish)))
            .collect()
    };
    assert_eq!(
        broken(json!({"in": "2026-01-01T12:00", "out": "2026-01-01T11:00", "share": "1", "n": "2"})),
        [
            "answers.out Lähtö ennen saapumista",
            "answers.share This answer is not possible.",
            "answers.n This answer is not possible.",
        ]
    );
    let fine = json!({"in": "2026-01-01T12:00", "out": "2026-01-01T12:00", "share": "0.9999", "n": "3"});
    assert!(broken(fine).is_empty() && broken(json!({})).is_empty());
    let again = export(&checklist);
    assert!(again.notices.is_empty(), "{:?}", again.notices);
    let again = import(&Workbook::from_markdown(&again.to_markdown())).expect("imported");
    assert_eq!(
        again.document["sections"][0]["constraints"]
            .as_array()
            .map(Vec::len),
        Some(3)
    );
}

#[test]
fn repeated_groups_calculations_and_filters_are_taken_over() {
    let imported = form(
        "
| survey  |               |        |        |                  |                         |                 |              |
|         | type          | name   | label  | relevant         | calculation             | choice_filter   | repeat_count |
|         | begin group   | shop   | Shop   |                  |                         |                 |              |
|         | select_one kind | kind | Kind   |                  |                         |                 |              |
|         | begin repeat  | staff  | Staff  | ${kind} = 'a'    |                         |                 | 2            |
|         | integer       | wait   | Wait   |                  |                         |                 |              |
|         | calculate     | double |        | ${wait} > 1      | ${wait} * 2 + 1         |                 |              |
|         | end repeat    |        |        |                  |                         |                 |              |
|         | select_one item | item | Item   |                  |                         | kind = ${kind}  |              |
|         | calculate     | met    |        |                  | count(${staff})         |                 |              |
|         | calculate     | total  | Total  |                  | if(${met} > 0, sum(${wait}), 0) |         |              |
|         | text          | odd    | Odd    | ${wait} > 3      |                         |                 |              |
|         | calculate     | words  |        |                  | concat(${odd}, 'x')     |                 |              |
|         | end group     |        |        |                  |                         |                 |              |
| choices |               |        |        |                  |                         |                 |              |
|         | list_name     | name   | label  | kind             |                         |                 |              |
|         | kind          | a      | A      |                  |                         |                 |              |
|         | kind          | b      | B      |                  |                         |                 |              |
|         | item          | x      | X      | a                |                         |                 |              |
|         | item          | y      | Y      | b                |                         |                 |              |",
    );
    assert_eq!(
        notices(&imported),
        [
            "survey 5 type type_differs",
            "survey 11 relevant relevant_ignored",
            "survey 12 calculation calculation_ignored",
        ]
    );
    let checklist = Checklist::parse(&imported.document.to_string()).expect("sound");
    let sections: Vec<_> = checklist
        .sections()
        .iter()
        .map(|section| section.id.as_str())
        .collect();
    assert_eq!(sections, ["shop", "staff", "shop_2"]);
    let answers = json!({"kind": "a", "staff": [{"wait": 2}, {"wait": 1}], "item": "y"});
    let answers = Answers::parse(&checklist, &answers.to_string()).expect("sound");
    let scored = score(&checklist, &answers, Decisions::default());
    let value = |id: &str| {
        let index = checklist.question_index(id).expect("a question");
        scored.questions[index].value.as_ref().map(ToString::to_string)
    };
    assert_eq!(
        (value("met"), value("total")),
        (Some("2".to_owned()), Some("3".to_owned()))
    );
    let double = &scored.questions[checklist.question_index("double").expect("there")];
    let values: Vec<_> = double
        .instances
        .iter()
        .map(|one| one.value.as_ref().map(ToString::to_string))
        .collect();
    assert_eq!(values, [Some("5".to_owned()), None]);
    let item = checklist.question_index("item").expect("there");
    assert_eq!(score::offered_options(&checklist, &answers, item), [true, false]);
    let findings = Draft::new(answers).findings(&checklist, Stage::Whole);
    assert!(
        findings
            .iter()
            .any(|finding| finding.code == "option_not_offered")
    );

    let exported = export(&checklist);
    let again = import(&Workbook::from_markdown(&exported.to_markdown())).expect("imported");
    let again = Checklist::parse(&again.document.to_string()).expect("sound");
    let kinds = |checklist: &Checklist| -> Vec<String> {
        checklist
            .questions()
            .iter()
            .map(|question| format!("{} {:?}", question.id, std::mem::discriminant(&question.kind)))
            .collect()
    };
    assert_eq!(kinds(&again), kinds(&checklist));
    assert_eq!(again.sections()[1].repeat, checklist.sections()[1].repeat);
}

#[test]
fn codes_files_and_signatures_are_taken_over() {
    let imported = form(
        "
| survey |           |      |       |            |
|        | type      | name | label | appearance |
|        | barcode   | code | Code  |            |
|        | file      | pdf  | Offer |            |
|        | image     | name | Name  | signature  |
|        | image     | shop | Shop  | annotate   |",
    );
    let types: Vec<_> = questions(&imported)
        .iter()
        .map(|question| question["type"].clone())
        .collect();
    assert_eq!(types, ["barcode", "file", "signature", "photo"]);
    assert_eq!(notices(&imported), ["survey 5 appearance appearance_ignored"]);
    let checklist = Checklist::parse(&imported.document.to_string()).expect("sound");
    let again = import(&Workbook::from_markdown(&export(&checklist).to_markdown())).expect("imported");
    let types: Vec<_> = questions(&again)
        .iter()
        .map(|question| question["type"].clone())
        .collect();
    assert_eq!(types, ["barcode", "file", "signature", "photo"]);
}

#[test]
fn or_other_asks_for_words() {
    let imported = form(
        "
| survey  |                         |       |        |
|         | type                    | name  | label  |
|         | select_one pet or_other | pet   | Pet?   |
| choices |                         |       |        |
|         | list name               | name  | label  |
|         | pet                     | cat   | Cat    |",
    );
    let all = questions(&imported);
    assert_eq!(all[0]["options"][1]["id"], "other");
    assert_eq!(
        (&all[1]["id"], &all[1]["show_if"]),
        (
            &json!("pet_other"),
            &json!({"question": "pet", "op": "equals", "value": "other"})
        )
    );
}

#[test]
fn conditions_without_an_equivalent_show_what_they_would_hide() {
    let imported = form(
        "
| survey |      |      |       |                                  |
|        | type | name | label | relevant                         |
|        | integer | a | A     |                                  |
|        | text | b    | B     | ${later} = 'x'                   |
|        | text | c    | C     | ${a} + 1 > 2                     |
|        | text | d    | D     | string-length(${b}) > 3          |
|        | text | e    | E     | ${a} =                           |
|        | text | later | L    | regex(${b}, '^x')                |",
    );
    let told: Vec<_> = notices(&imported)
        .into_iter()
        .filter(|notice| notice.ends_with("relevant_ignored"))
        .collect();
    assert_eq!(told.len(), 5, "{told:?}");
    assert!(
        questions(&imported)
            .iter()
            .all(|question| question.get("show_if").is_none())
    );
}

#[test]
fn repeats_ranges_and_points() {
    let imported = form(
        "
| survey  |              |       |        |                    |               |                    |
|         | type         | name  | label  | parameters         | haamu::points | haamu::good_answer |
|         | begin repeat | staff | Staff  |                    |               |                    |
|         | range        | calm  | Calm   | start=1 end=5 step=1 | 2           |                    |
|         | range        | half  | Half   | start=0 end=1 step=0.5 |           |                    |
|         | end repeat   |       |        |                    |               |                    |
|         | select_one yn | rude | Rude?  |                    | 3             | no                 |
| choices |              |       |        |                    |               |                    |
|         | list_name    | name  | label  |                    |               |                    |
|         | yn           | yes   | Yes    |                    |               |                    |
|         | yn           | no    | No     |                    |               |                    |",
    );
    let all = questions(&imported);
    assert_eq!(
        (&all[0]["scale"], &all[0]["points"]),
        (&json!({"min": 1, "max": 5}), &json!("2"))
    );
    assert_eq!(all[1]["type"], "number");
    assert_eq!(
        (&all[2]["good_answer"], &all[2]["points"]),
        (&json!("no"), &json!("3"))
    );
    assert_eq!(notices(&imported), ["survey 4 parameters parameters_ignored"]);
}

#[test]
fn faults_of_a_form_are_told_and_not_fatal() {
    let imported = form(
        "
| survey  |                 |      |       |
|         | type            | name | label |
|         | text            | a    | A     |
|         | text            | a    | A too |
|         | text            |      | B     |
|         | select_one none | c    | C     |
|         | hologram        | d    | D     |
|         | end group       |      |       |
|         | begin group     | g    |       |",
    );
    let all = questions(&imported);
    let ids: Vec<_> = all.iter().map(|question| question["id"].clone()).collect();
    assert_eq!(ids, ["a", "a_2", "c"]);
    assert_eq!(
        notices(&imported),
        [
            "survey 3 name name_changed",
            "survey 4 name name_missing",
            "survey 5 type list_missing",
            "survey 6 type type_unknown",
            "survey 7 type group_unbalanced",
            "survey 8 type group_unbalanced",
        ]
    );
}

#[test]
fn what_is_no_form_is_refused() {
    assert!(matches!(
        import(&Workbook::default()),
        Err(ImportError::Unusable { .. })
    ));
    let no_type = Workbook::from_markdown("| survey | |\n| | name |\n| | a |");
    assert!(matches!(import(&no_type), Err(ImportError::Unusable { .. })));
    for bytes in [
        &b""[..],
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"survey",
    ] {
        assert!(Workbook::from_bytes(bytes).is_err());
    }
}

#[test]
fn a_list_of_questions_becomes_a_checklist() {
    let csv = "section;id;text;type;options;points;required\n\
               Saapuminen;greeted;Tervehdittiinkö?;;;2;x\n\
               Saapuminen;;Miten?;;Hyvin|Huonosti;;\n\
               Loppu;;Kerro.;text;;;\n\
               Loppu;greeted;Taas?;;;;\n\
               Loppu;;Outo;hologram;;;\n";
    let imported = import_questions(csv, "fi").expect("imported");
    let all = questions(&imported);
    assert_eq!(all.len(), 3);
    assert_eq!(
        (&all[0]["type"], &all[0]["points"], &all[0]["required"]),
        (&json!("yes_no"), &json!("2"), &json!(true))
    );
    assert_eq!(
        all[1]["options"][1],
        json!({"id": "o2", "text": {"fi": "Huonosti"}})
    );
    assert_eq!(imported.document["sections"][1]["title"], json!({"fi": "Loppu"}));
    assert_eq!(
        notices(&imported),
        ["questions 5 id id_repeated", "questions 6 type type_unknown"]
    );
    assert!(matches!(
        import_questions("a,b\n1,2\n", "fi"),
        Err(ImportError::Unusable { .. })
    ));
    assert!(matches!(
        import_questions("text\n", "fi"),
        Err(ImportError::NoQuestion)
    ));
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("text".to_owned()),
        Just("begin group".to_owned()),
        Just("end group".to_owned()),
        Just("begin repeat".to_owned()),
        Just("select_one list".to_owned()),
        Just("select_multiple list or_other".to_owned()),
        Just("yes".to_owned()),
        Just("${a} = 'x' and ${b} > 1".to_owned()),
        Just("a".to_owned()),
        Just("b".to_owned()),
        "[a-z åäö${}()'=<>.]{0,12}",
    ]
}

proptest! {
    /// Whatever stands in a form, the result is sound or refused, and nothing falls over.
    #[test]
    fn any_form_gives_a_sound_checklist(rows in prop::collection::vec(prop::collection::vec(cell(), 5), 0..12)) {
        let mut text = "| survey | | | | | |\n| | type | name | label | relevant | required |\n".to_owned();
        for row in &rows {
            text.push_str(&format!("| | {} |\n", row.join(" | ")));
        }
        text.push_str("| choices | | |\n| | list_name | name | label |\n| | list | x | X |\n| | list | y | Y |\n");
        let imported = import(&Workbook::from_markdown(&text)).expect("imported");
        prop_assert!(Checklist::parse(&imported.document.to_string()).is_ok());
    }
}

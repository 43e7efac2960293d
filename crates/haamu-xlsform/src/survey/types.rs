//! What the column `type` may say.

/// What a row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    BeginGroup,
    BeginRepeat,
    EndGroup,
    /// Recorded by the app, not asked.
    Metadata,
    Note,
    Calculation,
    /// A value that is neither asked nor worked out.
    Hidden,
    Question(Question),
    Unknown,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) kind: Asked,
    /// Why it is not quite the same, if so.
    pub(super) difference: Option<&'static str>,
}

/// The type of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Text,
    Number,
    /// A number with limits and steps in `parameters`.
    Range,
    DateTime,
    Photo,
    Audio,
    Location,
    Barcode,
    Signature,
    File,
    YesNo,
    One {
        list: String,
        has_other: bool,
    },
    Many {
        list: String,
        has_other: bool,
    },
}

impl Kind {
    /// Reads the cell; spellings of old forms are understood.
    pub(super) fn read(written: &str) -> Self {
        let lower = written.trim().to_lowercase();
        let words: Vec<&str> = lower.split_whitespace().collect();
        let joined = words.join(" ");
        match joined.as_str() {
            "begin group" | "begin_group" | "begin lgroup" => return Self::BeginGroup,
            "begin repeat" | "begin_repeat" | "begin lrepeat" => return Self::BeginRepeat,
            "end group" | "end_group" | "end repeat" | "end_repeat" | "end lgroup" | "end lrepeat" => {
                return Self::EndGroup;
            }
            "note" => return Self::Note,
            "hidden" | "csv-external" | "xml-external" => return Self::Hidden,
            "calculate" | "calculation" => {
                return Self::Calculation;
            }
            "start"
            | "end"
            | "today"
            | "deviceid"
            | "subscriberid"
            | "simserial"
            | "phonenumber"
            | "phone number"
            | "username"
            | "email"
            | "audit"
            | "imei"
            | "instanceid"
            | "start-geopoint"
            | "background-audio"
            | "background-geopoint"
            | "date of interview"
            | "start time"
            | "end time"
            | "device id"
            | "subscriber id" => return Self::Metadata,
            _ if joined.starts_with("begin loop") => return Self::BeginRepeat,
            _ if joined == "end loop" => return Self::EndGroup,
            _ if ["get ", "set ", "uri:"]
                .iter()
                .any(|start| joined.starts_with(start)) =>
            {
                return Self::Metadata;
            }
            _ => {}
        }
        simple(&joined)
            .or_else(|| choice(written))
            .map_or(Self::Unknown, Self::Question)
    }
}

fn simple(written: &str) -> Option<Question> {
    let same = |kind| Question {
        kind,
        difference: None,
    };
    let other = |kind, difference| Question {
        kind,
        difference: Some(difference),
    };
    Some(match written {
        "text" | "string" => same(Asked::Text),
        "integer" | "int" => other(Asked::Number, "decimals are taken as well"),
        "decimal" | "number" => same(Asked::Number),
        "range" => same(Asked::Range),
        "datetime" | "date time" | "date_time" => same(Asked::DateTime),
        "date" => other(Asked::DateTime, "the time is asked for as well"),
        "time" => other(Asked::Text, "a time alone is asked for in words"),
        "geopoint" | "location" | "gps" | "q location" => same(Asked::Location),
        "geotrace" | "geoshape" => other(Asked::Location, "one point is asked for"),
        "image" | "photo" | "picture" | "annotate" | "draw" => same(Asked::Photo),
        "signature" => same(Asked::Signature),
        "audio" => same(Asked::Audio),
        "video" => other(Asked::Photo, "photos are asked for in the place of a video"),
        "file" => same(Asked::File),
        "barcode" => same(Asked::Barcode),
        "acknowledge" | "trigger" => other(Asked::YesNo, "it is answered with yes or no"),
        _ => return None,
    })
}

fn choice(written: &str) -> Option<Question> {
    let words: Vec<&str> = written.split_whitespace().collect();
    let lower: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let (is_many, skipped) = match lower.as_slice() {
        ["select_one" | "select1", ..] => (false, 1),
        ["select", "one", "from", ..] => (false, 3),
        ["select", "one", ..] => (false, 2),
        ["select_multiple", ..] => (true, 1),
        ["select", "all", "that", "apply", "from", ..] => (true, 5),
        ["select", "multiple", "from", ..] => (true, 3),
        ["select", "multiple", ..] => (true, 2),
        [
            "select_one_external" | "select_one_from_file" | "select_multiple_from_file" | "cascading_select",
            ..,
        ] => {
            let difference = "options in a file of their own are not read; the answer is given in words";
            return Some(Question {
                kind: Asked::Text,
                difference: Some(difference),
            });
        }
        ["rank", ..] => {
            let difference = "an order has no equivalent; options are chosen";
            let list = (*words.get(1)?).to_owned();
            return Some(Question {
                kind: Asked::Many {
                    list,
                    has_other: false,
                },
                difference: Some(difference),
            });
        }
        _ => return None,
    };
    let list = (*words.get(skipped)?).to_owned();
    let rest = lower.get(skipped + 1..).unwrap_or_default().join(" ");
    let has_other = matches!(rest.as_str(), "or_other" | "or other" | "or specify other");
    let kind = if is_many {
        Asked::Many { list, has_other }
    } else {
        Asked::One { list, has_other }
    };
    Some(Question {
        kind,
        difference: None,
    })
}

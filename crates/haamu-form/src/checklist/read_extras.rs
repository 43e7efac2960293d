//! Reading what stands beside questions: files, guidelines, the quiz, repeats.

use crate::Decimal;
use crate::read::{Fields, Node, Read, Reader, brief, read_word};

use super::extras::{AttachedFile, Guideline, OptionOrder, Quiz, RetentionClass, Sensitivity};
use super::kind::{FileRules, Symbology};
use super::repeat::{Repeat, RepeatScoring};

impl Read for Quiz {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let pass_mark: Option<Decimal> = fields.required("pass_mark", reader);
        let attempts: Option<u32> = fields.optional("attempts", reader);
        fields.finish(reader);
        if pass_mark.is_some_and(|mark| mark.is_negative() || mark > Decimal::integer(100)) {
            reader.error_at(
                "pass_mark",
                "out_of_range",
                "a pass mark is a percentage between 0 and 100",
            );
        }
        if attempts == Some(0) {
            reader.error_at("attempts", "out_of_range", "at least one attempt is needed");
        }
        Some(Self {
            pass_mark: pass_mark?,
            attempts,
        })
    }
}

impl Read for AttachedFile {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let id = fields.required("id", reader);
        let sha256: Option<String> = fields.required("sha256", reader);
        let media_type: Option<String> = fields.required("media_type", reader);
        let title = fields.optional("title", reader).unwrap_or_default();
        let alt = fields.optional("alt", reader).unwrap_or_default();
        fields.finish(reader);
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if sha256
            .as_ref()
            .is_some_and(|hash| hash.len() != 64 || !hash.bytes().all(is_digit))
        {
            let message = "SHA-256 is written as 64 hexadecimal digits in lower case";
            reader.error_at("sha256", "bad_hash", message);
        }
        if media_type.as_ref().is_some_and(|name| !is_media_type(name)) {
            let message = "a media type is written as type/subtype, such as image/jpeg";
            reader.error_at("media_type", "bad_media_type", message);
        }
        Some(Self {
            id: id?,
            sha256: sha256?,
            media_type: media_type?,
            title,
            alt,
        })
    }
}

/// Whether the text has the form of a media type without parameters (RFC 6838, 4.2).
fn is_media_type(text: &str) -> bool {
    let is_name = |name: &str| {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        (1..=127).contains(&name.len()) && name.bytes().all(is_known)
    };
    text.split_once('/')
        .is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype))
}

/// Ids of attached files, as indexes.
pub(super) struct Files(pub(super) Vec<usize>);

impl Read for Files {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let ids = Vec::<String>::read(node, reader)?;
        let find = |(index, id): (usize, &String)| reader.at_index(index, |reader| reader.file(id));
        let found: Vec<Option<usize>> = ids.iter().enumerate().map(find).collect();
        found.into_iter().collect::<Option<_>>().map(Self)
    }
}

impl Read for Guideline {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let id: Option<String> = fields.required("file", reader);
        let must_read = fields.optional("must_read", reader).unwrap_or(false);
        fields.finish(reader);
        let file = reader.at_key("file", |reader| reader.file(&id?));
        Some(Self {
            file: file?,
            must_read,
        })
    }
}

impl Read for Sensitivity {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let words = [
            ("none", Self::None),
            ("staff", Self::Staff),
            ("shopper", Self::Shopper),
        ];
        read_word(node, reader, &words)
    }
}

impl Read for RetentionClass {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let classes = [
            Self::StaffData,
            Self::Narrative,
            Self::Score,
            Self::Voucher,
            Self::ShopperData,
        ];
        read_word(node, reader, &classes.map(|class| (class.as_str(), class)))
    }
}

impl Read for OptionOrder {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let words = [
            ("written", Self::Written),
            ("alphabetical", Self::Alphabetical),
            ("shuffled", Self::Shuffled),
        ];
        read_word(node, reader, &words)
    }
}

impl Read for RepeatScoring {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        read_word(node, reader, &[("mean", Self::Mean), ("sum", Self::Sum)])
    }
}

impl Read for Repeat {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let repeat = Self {
            min: fields.optional("min", reader).unwrap_or(0),
            max: fields.optional("max", reader).unwrap_or(20),
            scoring: fields.optional("scoring", reader).unwrap_or_default(),
            label: fields.optional("label", reader).unwrap_or_default(),
        };
        fields.finish(reader);
        if repeat.min > repeat.max || repeat.max == 0 || repeat.max > Self::LIMIT {
            let message = format!("min is at most max, and max is between 1 and {}", Self::LIMIT);
            reader.error("out_of_range", message);
        }
        Some(repeat)
    }
}

impl Read for Symbology {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        read_word(node, reader, &Self::ALL)
    }
}

impl Read for FileRules {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let default = Self::default();
        let rules = Self {
            max_count: fields.optional("max_count", reader).unwrap_or(default.max_count),
            media_types: fields.list("media_types", reader),
        };
        fields.finish(reader);
        if !(1..=100).contains(&rules.max_count) {
            reader.error_at(
                "max_count",
                "out_of_range",
                "the number of files is between 1 and 100",
            );
        }
        for name in rules.media_types.iter().filter(|name| !is_media_type(name)) {
            let message = format!("{:?} is no media type such as application/pdf", brief(name));
            reader.error_at("media_types", "bad_media_type", message);
        }
        Some(rules)
    }
}

//! Reading scoring settings, touchpoints, themes and the like.

use crate::read::{Fields, Node, Read, Reader, read_word};

use super::{
    BandOn, FillAfterDays, Phase, Rounding, ScoreBand, ScoreMode, Scoring, Status, Theme, Touchpoint,
    UnansweredPolicy,
};

impl Read for Status {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let words = [
            ("example", Self::Example),
            ("draft", Self::Draft),
            ("published", Self::Published),
            ("withdrawn", Self::Withdrawn),
        ];
        read_word(node, reader, &words)
    }
}

impl Read for Scoring {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let default = Self::default();
        let scoring = Self {
            mode: fields.optional("mode", reader).unwrap_or_default(),
            unanswered: fields.optional("unanswered", reader).unwrap_or_default(),
            cap_bonus: fields.optional("cap_bonus", reader).unwrap_or(default.cap_bonus),
            display_decimals: fields
                .optional("display_decimals", reader)
                .unwrap_or(default.display_decimals),
            rounding: fields.optional("rounding", reader).unwrap_or_default(),
            band_on: fields.optional("band_on", reader).unwrap_or_default(),
            bands: fields.list("bands", reader),
        };
        if scoring.display_decimals > 4 {
            reader.error_at(
                "display_decimals",
                "out_of_range",
                "at most four decimals are displayed",
            );
        }
        fields.finish(reader);
        Some(scoring)
    }
}

impl Read for ScoreMode {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let modes = [Self::SectionWeight, Self::PointSum, Self::ScaledPoints];
        read_word(node, reader, &modes.map(|mode| (mode.as_str(), mode)))
    }
}

impl Read for UnansweredPolicy {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        read_word(node, reader, &[("exclude", Self::Exclude), ("zero", Self::Zero)])
    }
}

impl Read for Rounding {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        read_word(
            node,
            reader,
            &[("half_up", Self::HalfUp), ("half_even", Self::HalfEven)],
        )
    }
}

impl Read for BandOn {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        read_word(
            node,
            reader,
            &[("displayed", Self::Displayed), ("exact", Self::Exact)],
        )
    }
}

impl Read for ScoreBand {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let id = fields.required("id", reader);
        let min = fields.required("min", reader);
        let label = fields.optional("label", reader).unwrap_or_default();
        fields.finish(reader);
        Some(Self {
            id: id?,
            min: min?,
            label,
        })
    }
}

impl Read for Phase {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let words = [
            ("before", Self::Before),
            ("during", Self::During),
            ("after", Self::After),
        ];
        read_word(node, reader, &words)
    }
}

impl Read for Touchpoint {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let id = fields.required("id", reader);
        let phase = fields.optional("phase", reader);
        let impact: Option<u32> = fields.optional("impact", reader);
        if impact.is_some_and(|impact| !(1..=5).contains(&impact)) {
            reader.error_at("impact", "out_of_range", "an impact is between 1 and 5");
        }
        let label = fields.optional("label", reader).unwrap_or_default();
        fields.finish(reader);
        Some(Self {
            id: id?,
            phase,
            impact,
            label,
        })
    }
}

impl Read for Theme {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let id = fields.required("id", reader);
        let label = fields.optional("label", reader).unwrap_or_default();
        fields.finish(reader);
        Some(Self { id: id?, label })
    }
}

impl Read for FillAfterDays {
    fn read(node: &Node<'_>, reader: &mut Reader) -> Option<Self> {
        let mut fields = Fields::open(node, reader)?;
        let min = fields.required("min", reader);
        let max = fields.required("max", reader);
        fields.finish(reader);
        let days = Self { min: min?, max: max? };
        if days.min > days.max || days.max > 366 {
            reader.error("out_of_range", "min is at most max, and max at most 366 days");
        }
        Some(days)
    }
}

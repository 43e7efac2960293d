//! The expressions of XLSForms.

use haamu_xlsform::expression::{Expression, Operator, parse};
use proptest::prelude::*;

fn shown(text: &str) -> String {
    fn show(expression: &Expression) -> String {
        match expression {
            Expression::Question(name) => format!("${name}"),
            Expression::Here => ".".to_owned(),
            Expression::Path(path) => path.clone(),
            Expression::Text(text) => format!("'{text}'"),
            Expression::Number(number) => number.clone(),
            Expression::Call(name, arguments) => {
                format!(
                    "{name}({})",
                    arguments.iter().map(show).collect::<Vec<_>>().join(", ")
                )
            }
            Expression::Binary(operator, left, right) => {
                format!("[{} {operator:?} {}]", show(left), show(right))
            }
            Expression::Negated(inner) => format!("-{}", show(inner)),
        }
    }
    parse(text).map_or_else(|error| format!("error: {error}"), |expression| show(&expression))
}

#[test]
fn operators_bind_as_in_xpath() {
    for (text, tree) in [
        (
            "${a} = 'x' or ${b} = 'y' and ${c} = 'z'",
            "[[$a Equal 'x'] Or [[$b Equal 'y'] And [$c Equal 'z']]]",
        ),
        ("1 + 2 * 3 - 4", "[[1 Plus [2 Times 3]] Minus 4]"),
        ("${a} div 2 mod 3", "[[$a Divide 2] Modulo 3]"),
        ("(1 + 2) * 3", "[[1 Plus 2] Times 3]"),
        ("- ${a} >= -1.5", "[-$a AtLeast -1.5]"),
        (
            "selected(${a}, 'x') and not(selected(., \"y\"))",
            "[selected($a, 'x') And not(selected(., 'y'))]",
        ),
        ("${a}!=''", "[$a NotEqual '']"),
        (
            "../age > 18 and /data/sex = 'f'",
            "[[../age Greater 18] And [/data/sex Equal 'f']]",
        ),
        (
            "instance('crops')/root/item[name = ${a}]/label = 'x'",
            "[instance(…)/root/item[name = ${a}]/label Equal 'x']",
        ),
        ("count-selected(${a}) > 0", "[count-selected($a) Greater 0]"),
        (
            "if(${a} > 1, 'b', concat('c', 'd'))",
            "if([$a Greater 1], 'b', concat('c', 'd'))",
        ),
        ("order = 'and'", "[order Equal 'and']"),
        ("today() - ${born} > 365", "[[today() Minus $born] Greater 365]"),
        ("${a} = ‘x’", "[$a Equal 'x']"),
    ] {
        assert_eq!(shown(text), tree, "{text}");
    }
}

#[test]
fn what_is_no_expression_says_where() {
    for (text, message) in [
        ("", "error: a value is wanted at character 1"),
        ("${a = 1", "error: the name after ${ has no end at character 1"),
        ("${a} = 'x", "error: the text has no closing quote at character 8"),
        ("(${a} = 1", "error: a closing bracket is wanted at character 10"),
        ("${a} = ", "error: a value is wanted at character 7"),
        ("${a} ${b}", "error: an operator is wanted at character 6"),
        (
            "${a} # 1",
            "error: this character has no meaning here at character 6",
        ),
        ("selected(${a},)", "error: a value is wanted at character 15"),
    ] {
        assert_eq!(shown(text), message, "{text:?}");
    }
    let deep = "(".repeat(10_000) + "1" + &")".repeat(10_000);
    assert!(shown(&deep).starts_with("error: brackets lie too deep"));
    let minus = "-".repeat(10_000) + "1";
    assert!(shown(&minus).starts_with("error"));
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "\\$\\{[a-z]{1,4}\\}",
        "'[a-z ]{0,4}'",
        "[0-9]{1,3}",
        Just(".".to_owned())
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (
                inner.clone(),
                prop_oneof![
                    Just("="),
                    Just("!="),
                    Just("<"),
                    Just("and"),
                    Just("or"),
                    Just("div"),
                    Just("-")
                ],
                inner.clone()
            )
                .prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            (inner.clone(), inner).prop_map(|(first, second)| format!("selected({first}, {second})")),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_well_formed_is_read(text in expression()) {
        prop_assert!(parse(&text).is_ok(), "{}", text);
    }

    #[test]
    fn nothing_makes_the_parser_fall(text in ".{0,80}") {
        let _ = parse(&text);
    }

    #[test]
    fn brackets_change_nothing(text in expression()) {
        let bracketed = parse(&format!("({text})"));
        prop_assert_eq!(parse(&text), bracketed);
    }
}

#[test]
fn operators_are_told_apart() {
    assert_eq!(
        parse("1<=2").ok(),
        Some(Expression::Binary(
            Operator::AtMost,
            Box::new(Expression::Number("1".to_owned())),
            Box::new(Expression::Number("2".to_owned()))
        ))
    );
}

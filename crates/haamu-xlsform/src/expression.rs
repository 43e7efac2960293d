//! The part of XPath that XLSForms use, as a tree.
//!
//! Grammar, loosest first: `or`, `and`, `=` `!=`, `<` `<=` `>` `>=`, `+` `-`,
//! `*` `div` `mod`, unary `-`, `|`; then `${name}`, `.`, paths, literals,
//! functions and brackets.

use std::fmt;

/// Brackets may lie in each other this deep.
const MAX_DEPTH: usize = 64;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// `${name}`: the answer to a question.
    Question(String),
    /// `.`: the answer that the expression stands at.
    Here,
    /// Any other path, as written.
    Path(String),
    /// A text in quotes.
    Text(String),
    /// A number, as written.
    Number(String),
    /// A function with its arguments.
    Call(String, Vec<Self>),
    /// Two expressions with what stands between them.
    Binary(Operator, Box<Self>, Box<Self>),
    /// `-` before an expression.
    Negated(Box<Self>),
}

/// What stands between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `or`
    Or,
    /// `and`
    And,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `div`
    Divide,
    /// `mod`
    Modulo,
    /// `|`
    Union,
}

impl Operator {
    /// How strongly it binds, loosest first.
    const fn level(self) -> u8 {
        match self {
            Self::Or => 0,
            Self::And => 1,
            Self::Equal | Self::NotEqual => 2,
            Self::Less | Self::AtMost | Self::Greater | Self::AtLeast => 3,
            Self::Plus | Self::Minus => 4,
            Self::Times | Self::Divide | Self::Modulo => 5,
            Self::Union => 6,
        }
    }

    /// The operator with its sides exchanged.
    pub(crate) const fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::AtMost => Self::AtLeast,
            Self::Greater => Self::Less,
            Self::AtLeast => Self::AtMost,
            other => other,
        }
    }
}

/// Why a text is no expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where, in characters from the start.
    pub at: usize,
    /// What was wanted there.
    pub message: &'static str,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at character {}", self.message, self.at + 1)
    }
}

impl std::error::Error for SyntaxError {}

/// Reads an expression.
///
/// # Errors
/// [`SyntaxError`] with its place.
pub fn parse(text: &str) -> Result<Expression, SyntaxError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
    };
    let expression = parser.binary(0, 0)?;
    match parser.peek() {
        None => Ok(expression),
        Some(_) => Err(parser.error("an operator is wanted")),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Question(String),
    Text(String),
    Number(String),
    /// A name, a path, `.` or `..`.
    Word(String),
    Operator(Operator),
    Open,
    Close,
    Comma,
}

/// The tokens with their places.
fn tokens(text: &str) -> Result<Vec<(usize, Token)>, SyntaxError> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens: Vec<(usize, Token)> = Vec::new();
    let mut at = 0;
    while let Some(c) = characters.get(at) {
        let start = at;
        let following = characters.get(at + 1).copied();
        // After something that is complete, a name can only be an operator.
        let is_after_operand = matches!(
            tokens.last(),
            Some((
                _,
                Token::Question(_) | Token::Text(_) | Token::Number(_) | Token::Word(_) | Token::Close
            ))
        );
        let token = match c {
            c if c.is_whitespace() => {
                at += 1;
                continue;
            }
            '$' if following == Some('{') => question_name(&characters, &mut at)?,
            '\'' | '"' | '‘' | '’' | '“' | '”' => quoted(&characters, &mut at)?,
            '(' => single(&mut at, Token::Open),
            ')' => single(&mut at, Token::Close),
            ',' => single(&mut at, Token::Comma),
            '=' => single(&mut at, Token::Operator(Operator::Equal)),
            '|' => single(&mut at, Token::Operator(Operator::Union)),
            '+' => single(&mut at, Token::Operator(Operator::Plus)),
            '-' | '−' => single(&mut at, Token::Operator(Operator::Minus)),
            '*' if is_after_operand => single(&mut at, Token::Operator(Operator::Times)),
            '!' if following == Some('=') => {
                at += 2;
                Token::Operator(Operator::NotEqual)
            }
            '<' | '>' => order(&characters, &mut at),
            c if c.is_ascii_digit() || (*c == '.' && following.is_some_and(|c| c.is_ascii_digit())) => {
                while characters
                    .get(at)
                    .is_some_and(|c| c.is_ascii_digit() || *c == '.')
                {
                    at += 1;
                }
                Token::Number(characters[start..at].iter().collect())
            }
            c if is_word(*c) => {
                let word = word(&characters, &mut at)?;
                let operator = operator_word(&word).filter(|_| is_after_operand);
                operator.unwrap_or(Token::Word(word))
            }
            _ => {
                return Err(SyntaxError {
                    at,
                    message: "this character has no meaning here",
                });
            }
        };
        tokens.push((start, token));
    }
    Ok(tokens)
}

/// `${name}`
fn question_name(characters: &[char], at: &mut usize) -> Result<Token, SyntaxError> {
    let end = find(characters, *at, '}').ok_or(SyntaxError {
        at: *at,
        message: "the name after ${ has no end",
    })?;
    let name: String = characters[*at + 2..end].iter().collect();
    *at = end + 1;
    Ok(Token::Question(name.trim().to_owned()))
}

/// A text in quotes, which word processors may have turned around.
fn quoted(characters: &[char], at: &mut usize) -> Result<Token, SyntaxError> {
    let closing: &[char] = match characters[*at] {
        '\'' => &['\''],
        '"' => &['"'],
        '‘' | '’' => &['‘', '’'],
        _ => &['“', '”'],
    };
    let rest = characters[*at + 1..].iter().position(|c| closing.contains(c));
    let rest = rest.ok_or(SyntaxError {
        at: *at,
        message: "the text has no closing quote",
    })?;
    let end = *at + 1 + rest;
    let inner = characters[*at + 1..end].iter().collect();
    *at = end + 1;
    Ok(Token::Text(inner))
}

/// `<`, `<=`, `>` or `>=`
fn order(characters: &[char], at: &mut usize) -> Token {
    let is_less = characters[*at] == '<';
    let has_equal = characters.get(*at + 1) == Some(&'=');
    *at += if has_equal { 2 } else { 1 };
    Token::Operator(match (is_less, has_equal) {
        (true, true) => Operator::AtMost,
        (true, false) => Operator::Less,
        (false, true) => Operator::AtLeast,
        (false, false) => Operator::Greater,
    })
}

fn operator_word(word: &str) -> Option<Token> {
    Some(Token::Operator(match word {
        "or" => Operator::Or,
        "and" => Operator::And,
        "div" => Operator::Divide,
        "mod" => Operator::Modulo,
        _ => return None,
    }))
}

fn single(at: &mut usize, token: Token) -> Token {
    *at += 1;
    token
}

fn find(characters: &[char], from: usize, wanted: char) -> Option<usize> {
    (from..characters.len()).find(|index| characters[*index] == wanted)
}

fn is_word(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '_' | '.' | '/' | '@' | ':' | '*')
}

/// A name or a path, with what stands in square brackets behind its steps.
fn word(characters: &[char], at: &mut usize) -> Result<String, SyntaxError> {
    let start = *at;
    while let Some(c) = characters.get(*at) {
        let is_hyphen = *c == '-' && characters.get(*at + 1).is_some_and(|c| c.is_alphabetic());
        if *c == '[' {
            let end = find(characters, *at, ']').ok_or(SyntaxError {
                at: *at,
                message: "the bracket has no end",
            })?;
            *at = end + 1;
        } else if is_word(*c) || c.is_alphanumeric() || is_hyphen {
            *at += 1;
        } else {
            break;
        }
    }
    Ok(characters[start..*at].iter().collect())
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn error(&self, message: &'static str) -> SyntaxError {
        let end = self.tokens.last().map_or(0, |(at, _)| at + 1);
        SyntaxError {
            at: self.tokens.get(self.next).map_or(end, |(at, _)| *at),
            message,
        }
    }

    /// Expressions joined by operators that bind at least as strongly as `level`.
    fn binary(&mut self, level: u8, depth: usize) -> Result<Expression, SyntaxError> {
        let mut left = self.unary(depth)?;
        while let Some(Token::Operator(operator)) = self.peek() {
            let operator = *operator;
            if operator.level() < level {
                break;
            }
            self.next += 1;
            let right = self.binary(operator.level() + 1, depth)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self, depth: usize) -> Result<Expression, SyntaxError> {
        if depth > MAX_DEPTH {
            return Err(self.error("brackets lie too deep in each other"));
        }
        if self.peek() == Some(&Token::Operator(Operator::Minus)) {
            self.next += 1;
            return Ok(Expression::Negated(Box::new(self.unary(depth + 1)?)));
        }
        let token = self
            .peek()
            .cloned()
            .ok_or_else(|| self.error("a value is wanted"))?;
        let start = self.next;
        self.next += 1;
        Ok(match token {
            Token::Question(name) => Expression::Question(name),
            Token::Text(text) => Expression::Text(text),
            Token::Number(number) => Expression::Number(number),
            Token::Word(name) if self.peek() == Some(&Token::Open) => self.call(name, depth)?,
            Token::Word(name) if name == "." => Expression::Here,
            Token::Word(path) => Expression::Path(path),
            Token::Open => {
                let inner = self.binary(0, depth + 1)?;
                self.close()?;
                inner
            }
            Token::Operator(_) | Token::Close | Token::Comma => {
                self.next = start;
                return Err(self.error("a value is wanted"));
            }
        })
    }

    fn call(&mut self, name: String, depth: usize) -> Result<Expression, SyntaxError> {
        self.next += 1;
        let mut arguments = Vec::new();
        if self.peek() != Some(&Token::Close) {
            arguments.push(self.binary(0, depth + 1)?);
            while self.peek() == Some(&Token::Comma) {
                self.next += 1;
                arguments.push(self.binary(0, depth + 1)?);
            }
        }
        self.close()?;
        // A path may go on behind a function, as in instance('x')/root/item.
        let rest = match self.peek() {
            Some(Token::Word(rest)) if rest.starts_with('/') => Some(rest.clone()),
            _ => None,
        };
        Ok(match rest {
            Some(rest) => {
                self.next += 1;
                Expression::Path(format!("{name}(…){rest}"))
            }
            None => Expression::Call(name, arguments),
        })
    }

    fn close(&mut self) -> Result<(), SyntaxError> {
        if self.peek() == Some(&Token::Close) {
            self.next += 1;
            Ok(())
        } else {
            Err(self.error("a closing bracket is wanted"))
        }
    }
}

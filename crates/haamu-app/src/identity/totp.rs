//! Codes of authenticator apps (RFC 6238): SHA-1, six digits, thirty seconds, one step to either side.

use totp_rs::{Algorithm, Builder, Totp};

use crate::Error;

/// The length of a secret in bytes, as RFC 4226 recommends.
pub(super) const SECRET_BYTES: usize = 20;
/// The length of a step in seconds.
const STEP_SECONDS: u64 = 30;
/// So many steps before and after the present one are taken: clocks differ.
const SKEW: u16 = 1;

fn totp(secret: &[u8], issuer: &str, account: &str) -> Result<Totp, Error> {
    // Names in the address are separated by a colon.
    let name = |text: &str| text.replace(':', " ");
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(SKEW)
        .with_step_duration(STEP_SECONDS)
        .with_secret(secret.to_vec())
        .with_issuer(Some(name(issuer)))
        .with_account_name(name(account))
        .build()
        .map_err(|error| Error::internal("read an authenticator's secret", error))
}

/// What an app has to know: the secret for typing, and the address for scanning.
pub(super) fn enrolment(secret: &[u8], issuer: &str, account: &str) -> Result<(String, String), Error> {
    let totp = totp(secret, issuer, account)?;
    let address = totp
        .to_url()
        .map_err(|error| Error::internal("write an authenticator's address", error))?;
    Ok((totp_rs::Secret::from(secret.to_vec()).to_base32(), address))
}

/// The step whose code this is, if it is one of now and its step comes after the last one that was taken.
pub(super) fn matching_step(
    secret: &[u8],
    code: &str,
    now_seconds: u64,
    last_step: u64,
) -> Result<Option<u64>, Error> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let totp = totp(secret, "Haamu", "Haamu")?;
    let step = totp.check(&code, now_seconds);
    Ok(step.filter(|step| *step > last_step))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &[u8; 20] = b"12345678901234567890";

    fn code(step: u64) -> String {
        totp(SECRET, "a", "b")
            .expect("sound")
            .generate(step * STEP_SECONDS)
            .to_string()
    }

    #[test]
    fn the_codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six of eight digits.
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(code(seconds / STEP_SECONDS), expected);
            let step = matching_step(SECRET, expected, seconds, 0).expect("sound");
            assert_eq!(step, Some(seconds / STEP_SECONDS));
        }
    }

    #[test]
    fn an_app_is_told_everything() {
        let (text, address) = enrolment(SECRET, "Agency: north", "a@b.example").expect("sound");
        assert_eq!(text, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(address.starts_with("otpauth://totp/"), "{address}");
        assert!(address.contains(&text) && address.contains("Agency"), "{address}");
    }

    proptest! {
        /// A code is taken in its own step and the ones beside it, and never outside.
        #[test]
        fn a_code_is_good_for_three_steps(step in 10_u64..100_000_000, offset in -40_i64..40, within in 0..STEP_SECONDS) {
            let now = step.checked_add_signed(offset).expect("not before 1970") * STEP_SECONDS + within;
            let found = matching_step(SECRET, &code(step), now, 0).expect("sound");
            if offset.abs() <= 1 {
                prop_assert_eq!(found, Some(step));
            } else if let Some(other) = found {
                // Another step near now may have the same six digits.
                prop_assert!(other.abs_diff(now / STEP_SECONDS) <= 1);
                prop_assert_eq!(code(other), code(step));
            }
        }

        /// Once a step was taken, neither it nor any before it is taken again, whatever the time says.
        #[test]
        fn no_code_is_taken_twice(start in 10_u64..100_000_000, moves in proptest::collection::vec((0_u64..3, -1_i64..=1), 1..60)) {
            let (mut now_step, mut last, mut taken) = (start, 0, Vec::new());
            for (forward, offset) in moves {
                now_step += forward;
                let shown = now_step.checked_add_signed(offset).expect("not before 1970");
                if let Some(step) = matching_step(SECRET, &code(shown), now_step * STEP_SECONDS, last).expect("sound") {
                    prop_assert!(!taken.contains(&step));
                    prop_assert!(step > last);
                    taken.push(step);
                    last = step;
                }
            }
        }

        /// What is no code is none, and does not fail.
        #[test]
        fn nonsense_is_no_code(text in "\\PC{0,12}") {
            prop_assume!(text.chars().filter(char::is_ascii_digit).count() != 6);
            prop_assert_eq!(matching_step(SECRET, &text, 59, 0).expect("sound"), None);
        }
    }
}

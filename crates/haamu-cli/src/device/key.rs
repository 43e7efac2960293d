//! The key of a device whose content is encrypted.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use haamu_client_sqlite::DeviceKey;

/// Reads the key of a device; makes it for a device that is not there yet.
pub(super) fn read_or_make(path: &Path, store: &Path) -> Result<DeviceKey> {
    if !path.exists() {
        if store.exists() {
            bail!(
                "{} is not there, and {} is: a device keeps the key that it was made with",
                path.display(),
                store.display()
            );
        }
        make(path).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let key =
        parse(text.trim()).with_context(|| format!("{} holds no 64 hexadecimal digits", path.display()))?;
    Ok(DeviceKey::from_bytes(&key))
}

/// Writes a random key to a file that nobody else can read and that was not there.
fn make(path: &Path) -> Result<()> {
    let mut key = [0_u8; 32];
    getrandom::fill(&mut key)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    let text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(file, "{text}")?;
    // A key that is lost takes the device's content with it.
    Ok(file.sync_all()?)
}

fn parse(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut key = [0; 32];
    for (byte, place) in key.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[place..place + 2], 16).ok()?;
    }
    Some(key)
}

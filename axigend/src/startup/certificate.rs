//! The self-signed certificate that a new server begins with, and the keys it makes for itself.

use super::workdir::{SECRET_MODE, write_atomically};
use axigen_shared::value::working_path;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType, date_time_ymd};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

/// Where listeners look for a certificate by default (services-core 3.3.1, `certFile`).
const CERTIFICATE: &str = "axigen_cert.pem";

/// Keys of the server itself; `axigen.cfg` may name others.
const SECRETS: &str = "run/secrets.cfg";

/// A self-signed certificate is for trying out; it must not run out while somebody still does.
const VALID_YEARS: i32 = 10;

/// Makes what a working directory needs and does not have; the paths made.
pub fn make_missing(directory: &Path, names: &[String]) -> io::Result<Vec<&'static str>> {
    let mut made = Vec::new();
    if !directory.join(CERTIFICATE).exists() {
        let pem = self_signed(names).map_err(io::Error::other)?;
        write_atomically(&directory.join(CERTIFICATE), pem.as_bytes(), SECRET_MODE)?;
        made.push(CERTIFICATE);
    }
    if !directory.join(SECRETS).exists() {
        // srsSecretKey: letters and digits, at least 10; serverSecretKey: at least 32 (services-core 3.1.2).
        let text = format!(
            "srsSecretKey = \"{}\"\nserverSecretKey = \"{}\"\n",
            random_word(24)?,
            random_word(48)?
        );
        write_atomically(&directory.join(SECRETS), text.as_bytes(), SECRET_MODE)?;
        made.push(SECRETS);
    }
    Ok(made)
}

/// Whether this is the certificate that a start makes because it is not there.
pub fn made_at_start(directory: &Path, cert_file: &str) -> bool {
    let path = directory.join(working_path(cert_file));
    path == directory.join(CERTIFICATE) && !path.exists()
}

/// Certificate and key in one PEM, for these names and this machine.
fn self_signed(names: &[String]) -> Result<String, rcgen::Error> {
    let mut unique: Vec<String> = Vec::new();
    for name in names.iter().map(String::as_str).chain(["localhost"]) {
        if !name.is_empty() && !unique.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            unique.push(name.to_owned());
        }
    }
    let mut distinguished = DistinguishedName::new();
    distinguished.push(
        DnType::CommonName,
        unique.first().map_or("localhost", String::as_str),
    );
    distinguished.push(DnType::OrganizationName, "self-signed by axigend");
    let mut params = CertificateParams::new(unique)?;
    params.distinguished_name = distinguished;
    for address in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
        params.subject_alt_names.push(SanType::IpAddress(address));
    }
    // Clocks of clients may be a day behind.
    let today = jiff::Timestamp::now()
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .date();
    let year = i32::from(today.year());
    params.not_before = date_time_ymd(year - 1, 1, 1);
    params.not_after = date_time_ymd(year + VALID_YEARS, 1, 1);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(format!("{}{}", certificate.pem(), key.serialize_pem()))
}

/// Letters and digits that nobody can guess.
pub fn random_word(length: usize) -> io::Result<String> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut word = String::with_capacity(length);
    let mut bytes = [0; 64];
    while word.len() < length {
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        // Bytes above the last multiple of 62 would make some characters more likely.
        let fair = bytes.iter().filter(|byte| **byte < 248);
        let characters =
            fair.filter_map(|byte| ALPHABET.get(usize::from(byte % 62)).copied().map(char::from));
        let missing = length - word.len();
        word.extend(characters.take(missing));
    }
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::{CERTIFICATE, SECRETS, make_missing, random_word};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn made_once_and_for_the_owner_only() {
        let directory = tempfile::tempdir().expect("a directory");
        fs::create_dir(directory.path().join("run")).expect("run/");
        let names = [
            "mail.example.test".to_owned(),
            String::new(),
            "LOCALHOST".to_owned(),
        ];
        assert_eq!(
            make_missing(directory.path(), &names).expect("made"),
            [CERTIFICATE, SECRETS]
        );
        let pem = fs::read_to_string(directory.path().join(CERTIFICATE)).expect("there");
        assert!(pem.contains("BEGIN CERTIFICATE") && pem.contains("BEGIN PRIVATE KEY"));
        for name in [CERTIFICATE, SECRETS] {
            let mode = fs::metadata(directory.path().join(name))
                .expect("there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(
            make_missing(directory.path(), &names)
                .expect("nothing to do")
                .is_empty()
        );
    }

    #[test]
    fn random_words_have_their_length() {
        for length in [0, 1, 24, 200] {
            let word = random_word(length).expect("random bytes");
            assert_eq!(word.len(), length);
            assert!(word.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
        assert_ne!(random_word(24).expect("random"), random_word(24).expect("random"));
    }
}

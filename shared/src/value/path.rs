//! Paths as administrators write them: those of an installed AXIGEN mean the working directory.

/// Working directories of AXIGEN, present and past, which unmodified scripts and files name (services-core 3.1.1,
/// "Defaults of ours").
const AXIGEN_DIRECTORIES: [&str; 2] = ["/var/opt/axigen/", "/var/axigen/"];

/// The path below the working directory that a path of AXIGEN means; any other path as it is.
pub fn working_path(path: &str) -> &str {
    AXIGEN_DIRECTORIES
        .iter()
        .find_map(|directory| path.strip_prefix(directory))
        .filter(|rest| !rest.is_empty())
        .unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::working_path;

    #[test]
    fn paths_of_an_installed_axigen() {
        for (given, meant) in [
            ("/var/opt/axigen/cert.pem", "cert.pem"),
            ("/var/axigen/domains/a", "domains/a"),
            ("/var/opt/axigen/", "/var/opt/axigen/"),
            ("/srv/cert.pem", "/srv/cert.pem"),
            ("cert.pem", "cert.pem"),
        ] {
            assert_eq!(working_path(given), meant);
        }
    }
}

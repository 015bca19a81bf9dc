//! Wildcards of LIST.

/// Whether a name fits a wildcard: `*` for any run, `?` for one character, letter case ignored.
pub fn fits(wildcard: &str, name: &str) -> bool {
    let wanted: Vec<char> = wildcard.chars().flat_map(char::to_lowercase).collect();
    let given: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    let (mut at, mut here) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while here < given.len() {
        match wanted.get(at) {
            Some('*') => {
                back = Some((at, here));
                at += 1;
            }
            Some(c) if *c == '?' || given.get(here) == Some(c) => {
                at += 1;
                here += 1;
            }
            _ => {
                let Some((star, from)) = back else { return false };
                back = Some((star, from + 1));
                at = star + 1;
                here = from + 1;
            }
        }
    }
    wanted.get(at..).unwrap_or_default().iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn wildcards() {
        for (wildcard, name, wanted) in [
            ("*", "", true),
            ("s*", "Sales", true),
            ("s*s", "sales", true),
            ("*a*e*", "sales", true),
            ("s?les", "sales", true),
            ("s*x", "sales", false),
            ("", "sales", false),
            ("sale", "sales", false),
        ] {
            assert_eq!(fits(wildcard, name), wanted, "{wildcard} {name}");
        }
    }
}

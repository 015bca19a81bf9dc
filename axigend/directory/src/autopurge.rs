//! What of an account's mail the daily maintenance removes by age (domains-groupware, "Quotas").

/// Old mail of some folders goes by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Autopurge {
    /// Days after which mail goes, counted from when it came into the folder (`autopurgeAgeLimit`); 0 = never.
    pub days: u32,
    /// Folders that it goes from (`autopurgeFolders`).
    pub folders: Vec<String>,
}

impl Autopurge {
    /// From the values of the attributes: names with blanks or commas between, those with blanks in double quotes.
    pub(crate) fn new(days: u64, names: &str) -> Self {
        Self {
            days: u32::try_from(days).unwrap_or(u32::MAX),
            folders: folders(names),
        }
    }
}

fn folders(names: &str) -> Vec<String> {
    let mut folders = Vec::new();
    for (at, piece) in names.split('"').enumerate() {
        if at % 2 == 1 {
            folders.push(piece.to_owned());
        } else {
            let words = piece.split(|letter: char| letter == ',' || letter.is_whitespace());
            folders.extend(words.map(str::to_owned));
        }
    }
    folders.retain(|name| !name.is_empty());
    folders
}

#[cfg(test)]
mod tests {
    use super::folders;

    #[test]
    fn names_are_told_apart() {
        assert_eq!(folders("Trash Spam"), ["Trash", "Spam"]);
        assert_eq!(folders(" Trash,Spam , Old"), ["Trash", "Spam", "Old"]);
        assert_eq!(folders("\"Old mail\" Trash"), ["Old mail", "Trash"]);
        assert_eq!(folders("\"Old, older"), ["Old, older"]);
        assert!(folders(" , \"\"").is_empty());
    }
}

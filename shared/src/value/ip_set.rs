//! Sets of IP addresses as rules name them (services-core 3.3.2, `ipSet`).
//!
//! Forms: `a-b`, `a/mask`, `a/bits`, one address; IPv6 as range, prefix or address. The written form is kept for printing;
//! two sets are the same when they hold the same addresses, so the form never makes a second rule of one.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A contiguous set of addresses of one family.
#[derive(Clone, Debug)]
pub struct IpSet {
    first: IpAddr,
    last: IpAddr,
    written: String,
}

impl IpSet {
    /// Reads any of the forms, or says why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{text}' is not a set of addresses (10.0.0.1, 10.0.0.1-10.0.0.20, 10.0.0.0/8 or 10.0.0.0/255.0.0.0)"
            )
        };
        let (first, last) = if let Some((from, to)) = text.split_once('-') {
            (
                from.trim().parse().map_err(|_| wrong())?,
                to.trim().parse().map_err(|_| wrong())?,
            )
        } else if let Some((base, mask)) = text.split_once('/') {
            block(base.trim().parse().map_err(|_| wrong())?, mask.trim()).ok_or_else(wrong)?
        } else {
            let one: IpAddr = text.trim().parse().map_err(|_| wrong())?;
            (one, one)
        };
        if first.is_ipv4() != last.is_ipv4() || first > last {
            return Err(format!(
                "'{text}' is not a set of addresses (the first address must not be above the last)"
            ));
        }
        Ok(Self {
            first,
            last,
            written: text.split_whitespace().collect(),
        })
    }

    /// Whether the address is in the set. An IPv4 address in IPv6 clothing (`::ffff:a.b.c.d`) counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && self.first <= address && address <= self.last
    }

    /// First and last address.
    pub fn range(&self) -> (IpAddr, IpAddr) {
        (self.first, self.last)
    }
}

/// First and last address of `base/mask`; bits outside the mask are ignored (services-core 3.3.2).
fn block(base: IpAddr, mask: &str) -> Option<(IpAddr, IpAddr)> {
    match base {
        IpAddr::V4(base) => {
            let mask = match mask.parse::<u32>() {
                Ok(bits) if bits <= 32 => u32::MAX.checked_shl(32 - bits).unwrap_or(0),
                Ok(_) => return None,
                Err(_) => u32::from(mask.parse::<Ipv4Addr>().ok()?),
            };
            let first = u32::from(base) & mask;
            // A mask with holes is no range; it cannot be kept as one.
            (mask.leading_ones() == mask.count_ones())
                .then(|| (Ipv4Addr::from(first).into(), Ipv4Addr::from(first | !mask).into()))
        }
        IpAddr::V6(base) => {
            let bits = mask.parse::<u32>().ok().filter(|bits| *bits <= 128)?;
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            let first = u128::from(base) & mask;
            Some((Ipv6Addr::from(first).into(), Ipv6Addr::from(first | !mask).into()))
        }
    }
}

impl PartialEq for IpSet {
    fn eq(&self, other: &Self) -> bool {
        self.range() == other.range()
    }
}

impl Eq for IpSet {}

impl fmt::Display for IpSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::IpSet;

    #[test]
    fn forms_and_members() {
        let rows = [
            ("10.0.0.1-10.0.0.20", "10.0.0.20", "10.0.0.21"),
            ("10.1.2.3/255.0.0.0", "10.255.0.1", "11.0.0.0"),
            ("10.1.2.3/8", "10.0.0.0", "9.255.255.255"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1-::5", "::3", "::6"),
        ];
        for (text, inside, outside) in rows {
            let set = IpSet::parse(text).unwrap();
            assert!(set.contains(inside.parse().unwrap()), "{text} {inside}");
            assert!(!set.contains(outside.parse().unwrap()), "{text} {outside}");
            assert_eq!(set.to_string(), text);
        }
        assert!(
            IpSet::parse("10.0.0.0/8")
                .unwrap()
                .contains("::ffff:10.0.0.1".parse().unwrap())
        );
        assert_eq!(
            IpSet::parse("10.0.0.0/8"),
            IpSet::parse("10.0.0.0-10.255.255.255")
        );
    }

    #[test]
    fn wrong_forms() {
        for text in [
            "",
            "x",
            "10.0.0.1/33",
            "10.0.0.9-10.0.0.1",
            "::1-10.0.0.1",
            "10.0.0.0/255.0.255.0",
            "::/129",
        ] {
            assert!(IpSet::parse(text).is_err(), "{text}");
        }
    }
}

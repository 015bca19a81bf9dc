//! argon2 (RFC 9106): what new passwords become, and argon2 texts of other servers.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use axigen_shared::{Cause, Refusal};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;

/// Memory of our own hashes in KiB. With [`PASSES`] and one lane it is the smallest setting OWASP recommends and
/// takes some 20 ms on a core of today, so that a core does about 50 first logins a second.
const MEMORY: u32 = 19 * 1024;
/// Passes over the memory, see [`MEMORY`].
const PASSES: u32 = 2;
/// Lanes, see [`MEMORY`].
const LANES: u32 = 1;
/// Salt of our own hashes in bytes (RFC 9106, 3.1).
const SALT: usize = 16;
/// Hash of our own hashes in bytes.
const OUTPUT: usize = 32;

/// Most memory of a hash taken in, KiB: every verifying thread may hold this much.
const MEMORY_MAX: u32 = 128 * 1024;
/// Most memory times passes of a hash taken in, KiB: about a second of work.
const WORK_MAX: u64 = 1024 * 1024;
/// Most lanes of a hash taken in.
const LANES_MAX: u32 = 16;
/// Bounds of the hash length in bytes: below, guessing the hash is easier than the password.
const OUTPUT_RANGE: std::ops::RangeInclusive<usize> = 16..=64;
/// Bounds of the salt length in bytes (RFC 9106 asks for at least 8).
const SALT_RANGE: std::ops::RangeInclusive<usize> = 8..=64;

/// Working memory of one thread, kept between checks so that 19 MiB are not asked from the system for each login.
#[derive(Default)]
pub(crate) struct Memory {
    blocks: Vec<Block>,
}

impl Memory {
    /// As many blocks as `params` needs. What is larger than our own hashes is not kept.
    fn of(&mut self, params: &Params) -> &mut [Block] {
        let count = params.block_count();
        if self.blocks.len() < count || self.blocks.len() > MEMORY as usize {
            self.blocks.clear();
            self.blocks.shrink_to(MEMORY as usize);
            self.blocks.resize(count, Block::default());
        }
        self.blocks.get_mut(..count).unwrap_or_default()
    }
}

/// A parsed argon2 text.
#[derive(Clone, Debug)]
pub(crate) struct Hash {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Hash {
    /// Reads `$argon2id$v=19$m=19456,t=2,p=1$salt$hash` within our bounds; the error says what would be accepted.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        const FORM: &str = "an argon2 hash is $argon2id$v=19$m=…,t=…,p=…$salt$hash";
        let fields: Vec<&str> = text.split('$').collect();
        let ["", algorithm, version, costs, salt, output] = fields.as_slice() else {
            return Err(FORM.to_owned());
        };
        let algorithm = match *algorithm {
            "argon2id" => Algorithm::Argon2id,
            "argon2i" => Algorithm::Argon2i,
            "argon2d" => Algorithm::Argon2d,
            _ => return Err(FORM.to_owned()),
        };
        let version = match *version {
            "v=19" => Version::V0x13,
            "v=16" => Version::V0x10,
            _ => return Err(FORM.to_owned()),
        };
        let (memory, passes, lanes) = costs_of(costs).ok_or(FORM)?;
        let decode = |text: &&str| STANDARD_NO_PAD.decode(text).map_err(|_| FORM.to_owned());
        let (salt, output) = (decode(salt)?, decode(output)?);
        if memory > MEMORY_MAX || u64::from(memory) * u64::from(passes) > WORK_MAX || lanes > LANES_MAX {
            return Err(format!(
                "too expensive: m at most {MEMORY_MAX} KiB, m × t at most {WORK_MAX}, p at most {LANES_MAX}"
            ));
        }
        if !SALT_RANGE.contains(&salt.len()) || !OUTPUT_RANGE.contains(&output.len()) {
            return Err("an argon2 hash has 8 to 64 bytes of salt and 16 to 64 bytes of hash".to_owned());
        }
        let params = Params::new(memory, passes, lanes, Some(output.len()));
        let params = params.map_err(|error| format!("not an argon2 hash: {error}"))?;
        Ok(Self {
            algorithm,
            version,
            params,
            salt,
            output,
        })
    }

    /// Whether the password gives this hash; takes its full time either way.
    pub(crate) fn check(&self, password: &[u8], memory: &mut Memory) -> bool {
        let mut output = vec![0; self.output.len()];
        let context = Argon2::new(self.algorithm, self.version, self.params.clone());
        let blocks = memory.of(&self.params);
        let done = context.hash_password_into_with_memory(password, &self.salt, &mut output, blocks);
        done.is_ok() && bool::from(output.ct_eq(&self.output))
    }

    /// Whether it costs what our own hashes cost.
    pub(crate) fn is_ours(&self) -> bool {
        (self.params.m_cost(), self.params.t_cost(), self.params.p_cost()) == (MEMORY, PASSES, LANES)
    }
}

/// `m=…,t=…,p=…` in this order, as every library writes it.
fn costs_of(text: &str) -> Option<(u32, u32, u32)> {
    let mut costs = text.split(',');
    let mut cost = |name: &str| costs.next()?.strip_prefix(name)?.parse().ok();
    let found = (cost("m=")?, cost("t=")?, cost("p=")?);
    costs.next().is_none().then_some(found)
}

/// The verifier text of a new password.
pub(crate) fn hash(password: &[u8], memory: &mut Memory) -> Result<String, Refusal> {
    let failed = |why: String| Refusal::new(Cause::Internal, format!("hashing a password: {why}"));
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|error| failed(error.to_string()))?;
    let params =
        Params::new(MEMORY, PASSES, LANES, Some(OUTPUT)).map_err(|error| failed(error.to_string()))?;
    let mut output = [0; OUTPUT];
    let blocks = memory.of(&params);
    let context = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let done = context.hash_password_into_with_memory(password, &salt, &mut output, blocks);
    done.map_err(|error| failed(error.to_string()))?;
    let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
    Ok(format!(
        "{{ARGON2ID}}$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}${salt}${output}"
    ))
}

/// The work of checking a password of ours, for nothing: unknown users and wrong passwords must take equally long.
pub(crate) fn waste(password: &[u8], memory: &mut Memory) {
    let Ok(params) = Params::new(MEMORY, PASSES, LANES, Some(OUTPUT)) else {
        return;
    };
    let mut output = [0; OUTPUT];
    let blocks = memory.of(&params);
    let context = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let password = password.get(..super::PASSWORD_MAX).unwrap_or(password);
    // What comes out is of no interest, and it cannot fail with these parameters.
    let _ = context.hash_password_into_with_memory(password, &[0; SALT], &mut output, blocks);
    std::hint::black_box(output);
}

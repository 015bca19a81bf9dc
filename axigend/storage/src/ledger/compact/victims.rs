//! Which containers a compaction empties, and in which order. Pure but for the look at the containers.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::core::{Core, Failure};

/// A container with less free space than so many percent is left alone.
const LEAST_FREE_PERCENT: u64 = 25;
/// As [`LEAST_FREE_PERCENT`], of a compaction that is forced: what it gives back must still be noticed.
const LEAST_FREE_PERCENT_FORCED: u64 = 1;
/// Containers smaller than this part of a full one are small: rounds that were not full leave them behind.
const SMALL_PART: u64 = 16;
/// More small containers than this are made one, whatever is free in them, so that files do not become many.
const SMALL_LIMIT: usize = 16;
/// A container that is cut may be larger than it shall be by this part, so that it is not cut again and again.
const SPLIT_OVER: u64 = 4;
/// A round moves as much as restating the log once writes so many times (at least a full container), so that
/// restating stays the smaller part, and the space it takes for a while too.
const ROUND_RESTATEMENTS: u64 = 4;

/// A container as seen by the books.
#[derive(Clone, Copy, Debug)]
struct Room {
    len: u64,
    /// Bytes of the records of bodies that live in it.
    live: u64,
}

impl Room {
    fn free(self) -> u64 {
        self.len.saturating_sub(self.live)
    }
}

/// All containers.
pub(super) struct Inventory {
    rooms: BTreeMap<u32, Room>,
    newest: u32,
    max_file_size: u64,
}

impl Inventory {
    /// Containers are to be no larger than this.
    pub(super) fn cut_after(&mut self, bytes: u64) {
        self.max_file_size = self.max_file_size.min(bytes);
    }
}

/// Looks at the containers.
pub(super) fn inventory(core: &mut Core) -> Result<Inventory, Failure> {
    let mut files = core.older().map_err(Failure::Refused)?;
    let newest = core.writer.number();
    if !core.is_newest_fresh() {
        files.insert(newest, core.writer.position());
    }
    let room = |(number, len)| {
        let live = core.uses.live_in(number);
        (number, Room { len, live })
    };
    Ok(Inventory {
        rooms: files.into_iter().map(room).collect(),
        newest,
        max_file_size: core.place.options.max_file_size,
    })
}

/// Containers that would be emptied if that is worth restating the log.
pub(super) struct Wanted {
    containers: BTreeSet<u32>,
    least_percent: u64,
    /// There are too many small containers.
    crowded: bool,
    /// There are too large ones.
    cut: bool,
}

impl Wanted {
    pub(super) fn choose(inventory: &Inventory, forced: bool) -> Self {
        let least_percent = if forced {
            LEAST_FREE_PERCENT_FORCED
        } else {
            LEAST_FREE_PERCENT
        };
        let mut containers: BTreeSet<u32> = inventory
            .rooms
            .iter()
            .filter(|(_, room)| is_part(room.free(), room.len, least_percent))
            .map(|(number, _)| *number)
            .collect();
        let small: Vec<u32> = inventory
            .rooms
            .range(..inventory.newest)
            .filter(|(_, room)| room.len < inventory.max_file_size / SMALL_PART)
            .map(|(number, _)| *number)
            .collect();
        let crowded = small.len() > SMALL_LIMIT;
        if crowded {
            containers.extend(small);
        }
        Self {
            containers,
            least_percent,
            crowded,
            cut: false,
        }
    }

    /// Also those that are larger than a full one shall be now, by more than an operation may go over it.
    pub(super) fn add_larger(&mut self, inventory: &Inventory, size: u64, chunk: u64) {
        let larger = size.saturating_add(size / SPLIT_OVER).saturating_add(chunk);
        let rooms = inventory.rooms.iter();
        let found: Vec<u32> = rooms
            .filter(|(_, room)| room.len > larger)
            .map(|(number, _)| *number)
            .collect();
        self.cut |= !found.is_empty();
        self.containers.extend(found);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.containers.is_empty()
    }

    /// The rounds, the freest containers first; `None` when restating the log takes what would be given back.
    pub(super) fn plan(self, inventory: &Inventory, restatement: u64) -> Option<Plan> {
        let mut rooms: Vec<(u32, Room)> = self
            .containers
            .iter()
            .filter_map(|number| Some((*number, *inventory.rooms.get(number)?)))
            .collect();
        let (len, free) = rooms.iter().fold((0_u64, 0_u64), |(len, free), (_, room)| {
            (len.saturating_add(room.len), free.saturating_add(room.free()))
        });
        let gain = free.saturating_sub(restatement);
        if !self.crowded && !self.cut && !is_part(gain, len, self.least_percent) {
            return None;
        }
        rooms.sort_by_key(|(number, room)| {
            let live_part = u128::from(room.live) * 1000 / u128::from(room.len.max(1));
            (live_part, *number)
        });
        let round_bytes = inventory
            .max_file_size
            .max(restatement.saturating_mul(ROUND_RESTATEMENTS));
        Some(Plan {
            leave_newest: self.containers.contains(&inventory.newest),
            live: rooms
                .iter()
                .fold(0, |sum: u64, (_, room)| sum.saturating_add(room.live)),
            restatement,
            rounds: rounds(&rooms, round_bytes),
        })
    }
}

/// Whether `part` is at least so many percent of `whole`, and something.
fn is_part(part: u64, whole: u64, percent: u64) -> bool {
    part > 0 && u128::from(part) * 100 >= u128::from(whole) * u128::from(percent)
}

fn rounds(rooms: &[(u32, Room)], round_bytes: u64) -> Vec<BTreeSet<u32>> {
    let mut rounds: Vec<BTreeSet<u32>> = Vec::new();
    let mut bytes = 0_u64;
    for (number, room) in rooms {
        bytes = bytes.saturating_add(room.live);
        match rounds.last_mut() {
            Some(round) if bytes <= round_bytes => {
                round.insert(*number);
            }
            _ => {
                bytes = room.live;
                rounds.push(BTreeSet::from([*number]));
            }
        }
    }
    rounds
}

/// What a compaction is going to do.
pub(super) struct Plan {
    /// The newest container is one of those to be emptied, so the next one is begun first.
    pub(super) leave_newest: bool,
    pub(super) rounds: Vec<BTreeSet<u32>>,
    live: u64,
    restatement: u64,
}

impl Plan {
    /// Bytes to be written, about.
    pub(super) fn bytes(&self) -> u64 {
        let restatements = self.restatement.saturating_mul(self.rounds.len() as u64);
        self.live.saturating_add(restatements)
    }

    /// Containers to be emptied.
    pub(super) fn containers(&self) -> u32 {
        let count = self.rounds.iter().map(BTreeSet::len).sum::<usize>();
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(rooms: &[(u64, u64)], max_file_size: u64) -> Inventory {
        let rooms = (0..).zip(rooms.iter().map(|(len, live)| Room {
            len: *len,
            live: *live,
        }));
        Inventory {
            newest: rooms.clone().count() as u32 - 1,
            rooms: rooms.collect(),
            max_file_size,
        }
    }

    fn plan(inventory: &Inventory, forced: bool, restatement: u64) -> Option<Vec<Vec<u32>>> {
        let wanted = Wanted::choose(inventory, forced);
        let plan = (!wanted.is_empty()).then(|| wanted.plan(inventory, restatement))??;
        Some(
            plan.rounds
                .into_iter()
                .map(|round| round.into_iter().collect())
                .collect(),
        )
    }

    #[test]
    fn containers_with_little_free_space_stay_unless_forced() {
        let rooms = inventory(&[(1000, 900), (1000, 500), (1000, 1000), (500, 490)], 1000);
        assert_eq!(plan(&rooms, false, 10), Some(vec![vec![1]]));
        assert_eq!(plan(&rooms, true, 10), Some(vec![vec![1], vec![0], vec![3]]));
        assert_eq!(plan(&inventory(&[(1000, 900)], 1000), false, 0), None);
    }

    #[test]
    fn what_restating_takes_is_not_gained() {
        let rooms = inventory(&[(1000, 600), (10, 10)], 1000);
        assert_eq!(plan(&rooms, false, 100), Some(vec![vec![0]]));
        assert_eq!(plan(&rooms, false, 200), None);
        assert_eq!(plan(&rooms, true, 200), Some(vec![vec![0]]));
        assert_eq!(plan(&rooms, true, 400), None);
    }

    #[test]
    fn rounds_are_bounded_and_begin_with_the_freest() {
        let rooms = inventory(&[(100, 60), (100, 10), (100, 50), (100, 0), (100, 100)], 100);
        assert_eq!(plan(&rooms, false, 1), Some(vec![vec![1, 2, 3], vec![0]]));
        assert_eq!(plan(&rooms, false, 30), Some(vec![vec![0, 1, 2, 3]]));
    }

    #[test]
    fn many_small_containers_are_made_one() {
        let rooms: Vec<(u64, u64)> = std::iter::repeat_n((10, 10), SMALL_LIMIT + 2).collect();
        let few = inventory(&rooms[1..], 1000);
        assert_eq!(plan(&few, false, 5), None);
        let all: Vec<u32> = (0..=SMALL_LIMIT as u32).collect();
        assert_eq!(plan(&inventory(&rooms, 1000), false, 5), Some(vec![all]));
    }
}

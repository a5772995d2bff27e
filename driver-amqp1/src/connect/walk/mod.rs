//! Whether encoded values hold what they say (AMQP 1.0, part 1: types).
//!
//! The client library takes a peer's word for how many elements there are and how deep they stand
//! in one another: it adds such numbers unchecked, makes room for what never comes, and follows
//! values in values until the stack ends. What does not hold together is not shown to it.

#[cfg(test)]
mod tests;
mod whole;

/// How deep lists, maps and arrays may stand in one another.
const DEEPEST: usize = 32;
/// How deep they mostly stand.
const LEVELS: usize = 4;
/// How many descriptors a value may have, one after the other.
const MOST_DESCRIPTORS: usize = 2;
/// How many elements an array may have that takes no bytes for them.
const MOST_EMPTY: u64 = 256;
/// The code before a descriptor.
const DESCRIBED: u8 = 0x00;
/// The longest constructor with its size and count, in bytes.
const LONGEST_HEAD: usize = 9;

/// Bytes that are no values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    /// Where, among the bytes last taken, the value is that is none.
    pub(super) at: usize,
    /// What may stand there for the rest of a size and a count that were begun before.
    pub(super) rest: Rest,
}

/// The rest of a size and a count: as small as can be, for what holds nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rest {
    bytes: [u8; LONGEST_HEAD],
    /// Which of the bytes are still to come.
    at: usize,
    end: usize,
}

impl Rest {
    /// Writes what there is room for; tells how much.
    pub(super) fn write(&mut self, bytes: &mut [u8]) -> usize {
        let count = (self.end - self.at).min(bytes.len());
        bytes[..count].copy_from_slice(&self.bytes[self.at..][..count]);
        self.at += count;
        count
    }
}

/// Why, inside here.
struct Broken;

/// Walks over described values as their bytes come: performatives, or the sections of a message.
///
/// What is cut off is not noticed: that it ends too early is an error to whoever reads it.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    /// What is in the values walked over and what is around all of them, which comes first.
    levels: Vec<Level>,
    /// How many bytes were taken.
    at: u64,
    /// How many of those that follow are the content of a value.
    content: u64,
    /// What is there of a constructor, its size and its count.
    head: [u8; LONGEST_HEAD],
    held: usize,
    /// Whether the next value is a descriptor, and how many the one after it has with that.
    descriptor: bool,
    descriptors: usize,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    /// Up to where it goes.
    end: u64,
    /// How many values are still to come.
    left: u64,
    elements: Elements,
}

#[derive(Clone, Copy, Debug)]
enum Elements {
    /// Each has a constructor.
    Own,
    /// All have one constructor, which comes next.
    Shared,
    /// All are of the type with this code.
    Of(u8),
}

impl Walk {
    /// Over so many values, which are of so many bytes at most.
    pub(super) fn over(values: u64, bytes: u64) -> Self {
        let mut walk = Self {
            levels: Vec::with_capacity(LEVELS),
            at: 0,
            content: 0,
            head: [0; LONGEST_HEAD],
            held: 0,
            descriptor: false,
            descriptors: 0,
        };
        walk.restart(values, bytes);
        walk
    }

    /// The same again, from the beginning.
    pub(super) fn restart(&mut self, values: u64, bytes: u64) {
        self.levels.clear();
        self.levels.push(Level { end: bytes, left: values, elements: Elements::Own });
        (self.at, self.content, self.held) = (0, 0, 0);
        (self.descriptor, self.descriptors) = (false, 0);
    }

    /// Whether as many values have passed as there are to be.
    pub(super) fn is_done(&self) -> bool {
        self.content == 0 && self.levels.len() == 1 && self.levels[0].left == 0
    }

    /// Takes bytes, up to the end of the values; tells how many.
    ///
    /// # Errors
    /// Where a value begins that is none, or whose content is none. Nothing is to be fed then.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        let mut fed = self.take_whole(bytes);
        if fed == bytes.len() || self.is_done() {
            return Ok(fed);
        }
        loop {
            fed += self.pass(bytes.len() - fed);
            if self.content > 0 {
                return Ok(fed);
            }
            self.leave().map_err(|Broken| Malformed { at: fed, rest: Rest::default() })?;
            if self.is_done() {
                return Ok(fed);
            }
            let (begin, held) = (fed, self.held);
            fed += self.gather(&bytes[fed..]);
            if self.held < self.needed() {
                // What is there of a size has been seen by others when the rest comes.
                let rest = self.rest(held);
                return if self.is_plausible() {
                    Ok(fed)
                } else {
                    Err(Malformed { at: begin, rest })
                };
            }
            let rest = self.rest(held);
            self.enter().map_err(|Broken| Malformed { at: begin, rest })?;
            self.held = 0;
        }
    }

    /// Passes over content, of which so many bytes are there.
    fn pass(&mut self, there: usize) -> usize {
        let now = usize::try_from(self.content).map_or(there, |content| content.min(there));
        self.content -= now as u64;
        self.at += now as u64;
        now
    }

    /// Leaves what has ended.
    fn leave(&mut self) -> Result<(), Broken> {
        while let [_, .., Level { end, left: 0, .. }] = self.levels[..] {
            if end != self.at {
                return Err(Broken);
            }
            self.levels.pop();
        }
        Ok(())
    }

    /// Takes the values that are there as a whole, as most are; between two values, that is.
    fn take_whole(&mut self, bytes: &[u8]) -> usize {
        let is_between = self.held == 0 && self.content == 0 && self.descriptors == 0;
        let [Level { end, left, .. }] = &mut self.levels[..] else { return 0 };
        let room = usize::try_from(end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let mut taken = 0;
        while is_between
            && *left > 0
            && let Some(size) = whole::described(&bytes[taken..])
            && size <= room - taken
        {
            taken += size;
            *left -= 1;
        }
        self.at += taken as u64;
        taken
    }

    /// Takes what is missing of a constructor, its size and its count.
    fn gather(&mut self, bytes: &[u8]) -> usize {
        if let Elements::Of(code) = self.inside().elements
            && self.held == 0
        {
            self.head[0] = code;
            self.held = 1;
        }
        let mut taken = 0;
        while self.held < self.needed()
            && let Some(byte) = bytes.get(taken)
        {
            self.head[self.held] = *byte;
            self.held += 1;
            taken += 1;
        }
        self.at += taken as u64;
        taken
    }

    /// How long that is in all, as far as it can be told.
    fn needed(&self) -> usize {
        // Of elements that share it the constructor comes alone.
        if !self.descriptor && matches!(self.inside().elements, Elements::Shared) {
            return 1;
        }
        match (self.held, self.head[0] >> 4) {
            (0, _) => 1,
            (_, 0xa) => 1 + 1,
            (_, 0xb) => 1 + 4,
            (_, 0xc | 0xe) => 1 + 2,
            (_, 0xd | 0xf) => 1 + 8,
            _ => 1,
        }
    }

    /// What was missing of a head of which so much was there before.
    fn rest(&self, held: usize) -> Rest {
        if held == 0 {
            return Rest::default();
        }
        let mut bytes = [0; LONGEST_HEAD];
        // A size counts the count that comes with it, and the constructor of an array.
        match self.head[0] >> 4 {
            0xc => bytes[1] = 1,
            0xd => bytes[4] = 4,
            0xe => bytes[1] = 1 + 1,
            0xf => bytes[4] = 4 + 1,
            _ => {}
        }
        Rest { bytes, at: held, end: self.needed() }
    }

    /// Whether a size and a count can be right, as far as they are there.
    fn is_plausible(&self) -> bool {
        let (size, count) = (self.least(1), self.least(1 + 4));
        let room = self.inside().end.saturating_sub(self.at);
        // The count has its own place in the size.
        let fits = size <= room.saturating_add(4) && count <= size;
        match self.head[0] >> 4 {
            0xb => size <= room,
            0xc => self.held < 2 || self.head[1] >= 1,
            0xe => self.held < 2 || self.head[1] > 1,
            0xd => fits && (self.held < 5 || size >= 4),
            0xf => fits && (self.held < 5 || size > 4),
            _ => true,
        }
    }

    /// The number of four bytes that is there in part: at least so much.
    fn least(&self, at: usize) -> u64 {
        let byte = |at: usize| if at < self.held { self.head[at] } else { 0 };
        (at..at + 4).fold(0, |number, at| number << 8 | u64::from(byte(at)))
    }

    /// Takes a value whose constructor, size and count are there.
    fn enter(&mut self) -> Result<(), Broken> {
        let code = self.head[0];
        if self.at > self.inside().end {
            return Err(Broken);
        }
        if std::mem::take(&mut self.descriptor) {
            return self.enter_descriptor(code);
        }
        if code == DESCRIBED {
            self.descriptor = true;
            self.descriptors += 1;
            return if self.descriptors > MOST_DESCRIPTORS { Err(Broken) } else { Ok(()) };
        }
        // The library takes a descriptor for one without the code before it, too.
        if self.descriptors == 0 && self.levels.len() == 1 {
            return Err(Broken);
        }
        self.descriptors = 0;
        if matches!(self.inside().elements, Elements::Shared) {
            return self.enter_elements(code);
        }
        self.inside_mut().left -= 1;
        self.enter_content(code)
    }

    /// A descriptor is a number or a symbol.
    fn enter_descriptor(&mut self, code: u8) -> Result<(), Broken> {
        match code {
            0x44 | 0x53 | 0x80 | 0xa3 | 0xb3 => self.enter_content(code),
            _ => Err(Broken),
        }
    }

    /// The type of an array's elements is known now.
    fn enter_elements(&mut self, code: u8) -> Result<(), Broken> {
        let Level { end, left, .. } = *self.inside();
        let there = end - self.at;
        let elements = match width(code) {
            // Nobody has arrays of lists, maps or arrays; elements that have no constructor of
            // their own could not be shown as what is no value.
            None if code >> 4 >= 0xc => return Err(Broken),
            None => {
                self.inside_mut().elements = Elements::Of(code);
                return Ok(());
            }
            Some(0) if left > MOST_EMPTY => return Err(Broken),
            Some(width) => left * width,
        };
        self.inside_mut().left = 0;
        self.skip(elements)?;
        if elements == there { Ok(()) } else { Err(Broken) }
    }

    fn enter_content(&mut self, code: u8) -> Result<(), Broken> {
        if let Some(width) = width(code) {
            return self.skip(width);
        }
        match code >> 4 {
            0xa => self.skip(self.number::<1>(1)),
            0xb => self.skip(self.number::<4>(1)),
            0xc | 0xe => self.enter_level::<1>(code),
            0xd | 0xf => self.enter_level::<4>(code),
            _ => Err(Broken),
        }
    }

    /// Enters a list, a map or an array, whose size and count are of so many bytes.
    fn enter_level<const WIDTH: usize>(&mut self, code: u8) -> Result<(), Broken> {
        let (size, left) = (self.number::<WIDTH>(1), self.number::<WIDTH>(1 + WIDTH));
        // The size is counted from after itself on, the count included.
        let end = (self.at + size).checked_sub(WIDTH as u64).ok_or(Broken)?;
        if end < self.at || end > self.inside().end || self.levels.len() > DEEPEST {
            return Err(Broken);
        }
        let (is_array, is_map) = (code >> 4 >= 0xe, code & 0xf == 1);
        // What has a constructor takes a byte at least; a map has a value for each key.
        if !is_array && (left > end - self.at || (is_map && left % 2 != 0)) {
            return Err(Broken);
        }
        // An array has the constructor of its elements, also when there are none.
        match (is_array, end - self.at, left) {
            (true, 0, _) => return Err(Broken),
            (true, there, 0) => return if there == 1 { self.skip(1) } else { Err(Broken) },
            _ => {}
        }
        let elements = if is_array { Elements::Shared } else { Elements::Own };
        self.levels.push(Level { end, left, elements });
        Ok(())
    }

    fn skip(&mut self, content: u64) -> Result<(), Broken> {
        if content > self.inside().end - self.at {
            return Err(Broken);
        }
        self.content = content;
        Ok(())
    }

    fn number<const WIDTH: usize>(&self, at: usize) -> u64 {
        let bytes = &self.head[at..at + WIDTH];
        bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// The innermost that was entered and not left.
    fn inside(&self) -> &Level {
        &self.levels[self.levels.len() - 1]
    }

    fn inside_mut(&mut self) -> &mut Level {
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }
}

/// How many bytes a value of that type takes, if they all take as many.
fn width(code: u8) -> Option<u64> {
    match code >> 4 {
        0x4 => Some(0),
        class @ 0x5..=0x9 => Some(1 << (class - 5)),
        _ => None,
    }
}

//! Just enough of gzip (RFC 1951, 1952) to make a bomb.

/// Ten bytes: deflate, no name, no time.
const HEAD: [u8; 10] = [31, 139, 8, 0, 0, 0, 0, 0, 0, 3];

/// How many bytes one repetition stands for.
const RUN: usize = 258;

/// Bits, the lowest of a byte first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn push(&mut self, bits: u32, count: u32) {
        for at in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= u8::from(bits >> at & 1 == 1) << (self.used % 8);
            }
            self.used += 1;
        }
    }
}

/// At least so many letters `x`, in about a 160th of the space. The sum at the end is wrong: nobody should come so far.
pub(crate) fn bomb(bytes: usize) -> Vec<u8> {
    let mut bits = Bits { bytes: HEAD.to_vec(), used: 8 * HEAD.len() as u32 };
    // The last block, with fixed codes: a literal `x` (code 0x30 + 'x', highest bit first), then repetitions of it.
    bits.push(0b011, 3);
    bits.push(u32::from((0x30 + b'x').reverse_bits()), 8);
    for _ in 0..bytes.div_ceil(RUN) {
        // Length 258 (code 285: 11000101), distance 1 (code 0: 00000).
        bits.push(u32::from(0b1100_0101_u8.reverse_bits()), 8);
        bits.push(0, 5);
    }
    bits.push(0, 7);
    bits.bytes.extend([0; 8]);
    bits.bytes
}

/// The same bytes as a gzip file that does not compress them, without its end.
pub(crate) fn cut(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    let mut file = HEAD.to_vec();
    file.push(1);
    file.extend(length.to_le_bytes());
    file.extend((!length).to_le_bytes());
    file.extend(&content[..usize::from(length) / 2]);
    file
}

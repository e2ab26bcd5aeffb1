//! Portraits: small, grey, and files that every image viewer opens.

/// A baseline JPEG of 96 × 96 pixels in one shade of grey, with the person's name as a comment so that no two are the
/// same.
pub(super) fn jpeg(shade: u8, comment: &str) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8];
    let comment = &comment.as_bytes()[..comment.len().min(60)];
    segment(&mut file, 0xFE, &[comment]);
    // All quantisation steps are 8, so the difference coded below is the shade itself.
    segment(&mut file, 0xDB, &[&[0], &[8; 64]]);
    segment(&mut file, 0xC0, &[&[8, 0, 96, 0, 96, 1, 1, 0x11, 0]]);
    // Two codes for the first coefficient: `0` no difference, `10` a difference of seven bits.
    segment(&mut file, 0xC4, &[&[0x00, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[0, 7]]);
    // One for the rest: `0` nothing follows.
    segment(&mut file, 0xC4, &[&[0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[0]]);
    segment(&mut file, 0xDA, &[&[1, 1, 0, 0, 63, 0]]);
    let mut bits = vec![true, false];
    let difference = 64 + shade % 64;
    bits.extend((0..7).rev().map(|bit| difference >> bit & 1 == 1));
    bits.push(false);
    // The other 143 blocks are like the first.
    bits.extend([false; 286]);
    while !bits.len().is_multiple_of(8) {
        bits.push(true);
    }
    for octet in bits.chunks(8) {
        let octet = octet.iter().fold(0, |octet: u8, bit| octet << 1 | u8::from(*bit));
        file.push(octet);
        if octet == 0xFF {
            file.push(0);
        }
    }
    file.extend([0xFF, 0xD9]);
    file
}

fn segment(file: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    file.extend([0xFF, marker]);
    file.extend(u16::try_from(length + 2).unwrap_or(u16::MAX).to_be_bytes());
    for part in parts {
        file.extend_from_slice(part);
    }
}

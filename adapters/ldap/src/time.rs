//! The two ways in which directories write times.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Reads a generalized time (RFC 4517, section 3.3.13): minutes, seconds, a fraction of the last of them, `Z` or an offset.
/// `None` when it is none. A leap second is taken as the second before it.
pub(crate) fn generalized(text: &str) -> Option<Timestamp> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (date, mut rest) = text.split_at(digits);
    if !matches!(digits, 10 | 12 | 14) {
        return None;
    }
    let number = |from: usize, to: usize| date.get(from..to)?.parse::<i16>().ok();
    let small = |from: usize| match date.get(from..from + 2) {
        Some(two) => two.parse::<i8>().ok(),
        None => Some(0),
    };
    let at = DateTime::new(
        number(0, 4)?,
        small(4)?,
        small(6)?,
        small(8)?,
        small(10)?,
        match small(12)? {
            60 => 59,
            second => second,
        },
        0,
    )
    .ok()?;
    let mut nanoseconds = 0_i128;
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let unit: i128 = match digits {
            10 => 3_600_000_000_000,
            12 => 60_000_000_000,
            _ => 1_000_000_000,
        };
        // More than 18 digits tell nothing that a nanosecond could.
        let kept = &fraction[..length.min(18)];
        let scale = 10_i128.pow(u32::try_from(kept.len()).ok()?);
        nanoseconds = kept.parse::<i128>().ok()? * unit / scale;
        rest = &fraction[length..];
    }
    let offset = offset_seconds(rest)?;
    let at = Offset::UTC.to_timestamp(at).ok()?.as_nanosecond();
    Timestamp::from_nanosecond(at + nanoseconds - i128::from(offset) * 1_000_000_000).ok()
}

/// `Z`, `+hh`, `-hhmm`.
fn offset_seconds(text: &str) -> Option<i32> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    if !matches!(rest.len(), 2 | 4) || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = rest[..2].parse().ok()?;
    let minutes: i32 = if rest.len() == 4 { rest[2..].parse().ok()? } else { 0 };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Writes a generalized time to the second, for a filter.
pub(crate) fn to_generalized(at: Timestamp) -> String {
    let at = Offset::UTC.to_datetime(at);
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}.0Z",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// Seconds from 1601-01-01 to 1970-01-01.
const EPOCH: i128 = 11_644_473_600;

/// What a FILETIME says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileTime {
    /// 0, 0x7FFF FFFF FFFF FFFF, or beyond any calendar.
    Never,
    /// Then.
    At(Timestamp),
}

/// Reads a FILETIME: units of 100 ns since 1601 (MS-DTYP, section 2.3.3). `None` when it is no number.
pub(crate) fn filetime(text: &str) -> Option<FileTime> {
    let ticks: i64 = text.trim().parse().ok()?;
    if ticks <= 0 || ticks == i64::MAX {
        return Some(FileTime::Never);
    }
    let nanoseconds = i128::from(ticks) * 100 - EPOCH * 1_000_000_000;
    Some(Timestamp::from_nanosecond(nanoseconds).map_or(FileTime::Never, FileTime::At))
}

//! What people type into a search field: a name, letter by letter.

use portico_simkit::council::Person;

/// Every prefix of the names of `people` persons spread over the staff: given name first, every fourth time family name first;
/// every other name in lower case.
pub fn prefixes(staff: &[Person], people: usize) -> Vec<String> {
    let some = staff.iter().step_by((staff.len() / people).max(1)).enumerate();
    let typed = some.map(|(at, person)| {
        let (given, family) = (&person.given_name, &person.family_name);
        let name = if at % 4 == 3 { format!("{family} {given}") } else { format!("{given} {family}") };
        if at % 2 == 0 { name.to_lowercase() } else { name }
    });
    typed.flat_map(|name| letters(&name)).collect()
}

/// The prefixes that are sent: one that ends in a space finds what the one before found, and is not.
fn letters(name: &str) -> Vec<String> {
    let ends = name.char_indices().filter(|(_, letter)| *letter != ' ');
    ends.map(|(at, letter)| name[..at + letter.len_utf8()].to_owned()).collect()
}

/// As the value of a query parameter.
pub fn encoded(text: &str) -> String {
    let octet = |octet: u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(octet).to_string(),
        _ => format!("%{octet:02X}"),
    };
    text.bytes().map(octet).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_typed_letter_by_letter() {
        assert_eq!(letters("Jo Éa"), ["J", "Jo", "Jo É", "Jo Éa"]);
        assert_eq!(encoded("Jo É"), "Jo%20%C3%89");
    }
}

//! Content both ways, and what a log may show of a fault.

mod content;

use super::Fault;

#[test]
fn a_log_shows_of_a_fault_what_can_name_nobody() {
    for (message, shown) in [
        ("Access Denied", "fault 2, \"Access …\""),
        (
            "Time off request must be confirmed in order to approve it.",
            "fault 2, \"Time off request must be confirmed in order to approve it.\"",
        ),
        (
            "An employee already booked time off which overlaps with this period:\nJan Dvořák 1 - from 12/21/2026",
            "fault 2, \"An employee already booked time off which overlaps with this period:\"",
        ),
        (
            "('Employee(s) should have a bank account set.', {'type': 'ir.actions.act_window'})",
            "fault 2, \"… … … … … … … …\"",
        ),
        ("Jane Doe QQ123456C is away until 2026-10-01", "fault 2, \"… … … is away until …\""),
        ("You cannot pay GB29NWBK60161331926819", "fault 2, \"You cannot pay …\""),
        ("Invalid field 'salary of jane' in leaf", "fault 2, \"Invalid field … … … in leaf\""),
        ("Object no.such doesn't exist", "fault 2, \"Object … … …\""),
    ] {
        let fault = Fault::new(2, None, message.to_owned());
        assert_eq!(fault.native(), shown);
    }
    let raised =
        Fault::new(1, None, "Traceback (most recent call last):\n  File x\nValueError: Jane Doe".to_owned());
    assert_eq!(raised.native(), "fault 1, ValueError");
    let long = Fault::new(1, None, "ä".repeat(40_000));
    assert!(long.message().len() <= 64 * 1024);
}

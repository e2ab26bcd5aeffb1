//! What the recorded database held when the recording began, as far as the recordings show it.

use super::{Maker, Seeded};
use crate::sim::Options;
use crate::value::Value;

pub(super) fn fill(maker: &mut Maker<'_>, options: &Options, seeded: &mut Seeded) {
    // 2026-11-22 12:40:03, when the modules were installed.
    maker.at(jiff::Timestamp::constant(1_795_351_203, 0));
    maker.company("My Company", ["USD", "$", "United States dollar"], seeded, options);
    seeded.gateway = 2;
    let department = maker.make("hr.department", [("name", Value::str("Administration"))]);
    maker.make(
        "hr.employee",
        [
            ("name", Value::str("Administrator")),
            ("work_email", Value::str("admin@example.com")),
            ("department_id", Value::Int(department)),
            ("user_id", Value::Int(2)),
            ("work_contact_id", Value::Int(3)),
        ],
    );
    let products = [
        ("FOOD", "Meals", 0.0),
        ("TRANS", "Travel & Accommodation", 0.0),
        ("MIL", "Mileage", 1.0),
        ("GIFT", "Gifts", 0.0),
        ("COMM", "Communication", 0.0),
        ("EXP_GEN", "Expenses", 0.0),
    ];
    for (code, name, cost) in products {
        maker.make(
            "product.product",
            [
                ("name", Value::str(name)),
                ("default_code", Value::str(code)),
                ("standard_price", Value::Float(cost)),
                ("can_be_expensed", Value::TRUE),
            ],
        );
    }
    let types = [
        ("Paid Time Off", "yes", "both", "day", 1),
        ("Sick Time Off", "no", "hr", "day", 2),
        ("Compensatory Days", "yes", "manager", "day", 4),
        ("Unpaid", "no", "both", "hour", 3),
    ];
    for (name, allocation, validation, unit, sequence) in types {
        maker.make(
            "hr.leave.type",
            [
                ("name", Value::str(name)),
                ("requires_allocation", Value::str(allocation)),
                ("leave_validation_type", Value::str(validation)),
                ("request_unit", Value::str(unit)),
                ("sequence", Value::Int(sequence)),
            ],
        );
    }
    // What came with the modules took the ids before.
    maker.env.db.skip_to("res.partner", 6);
    maker.env.db.skip_to("ir.attachment", 921);
}

//! Time off: `addons/hr_holidays/models/hr_leave.py`, `hr_leave_type.py` and `hr_leave_allocation.py` of 18.0.

use super::Model;
use super::field::{boolean, char, date, datetime, float, integer, many2many, many2one, one_of, text};
use crate::Version;
use crate::action::{allocation, leave};

/// `hr.leave.state` of 18.0.
pub(crate) const STATES: &[(&str, &str)] = &[
    ("confirm", "To Approve"),
    ("refuse", "Refused"),
    ("validate1", "Second Approval"),
    ("validate", "Approved"),
    ("cancel", "Cancelled"),
];

/// `hr.leave.state` of 17.0, which has a state before the request.
pub(crate) const STATES_17: &[(&str, &str)] = &[
    ("draft", "To Submit"),
    ("confirm", "To Approve"),
    ("refuse", "Refused"),
    ("validate1", "Second Approval"),
    ("validate", "Approved"),
];

const VALIDATION: &[(&str, &str)] = &[
    ("no_validation", "No Validation"),
    ("hr", "By Time Off Officer"),
    ("manager", "By Employee's Approver"),
    ("both", "By Employee's Approver and Time Off Officer"),
];

const UNIT: &[(&str, &str)] = &[("day", "Day"), ("half_day", "Half Day"), ("hour", "Hours")];

pub(super) fn models(version: Version) -> Vec<Model> {
    let states = if version == Version::V17 { STATES_17 } else { STATES };
    let mut request = request(states);
    if version == Version::V17 {
        // A request that was cancelled is archived there.
        request.push(boolean("active", "Active"));
        request.push(one_of(
            "holiday_type",
            "Allocation Mode",
            &[
                ("employee", "By Employee"),
                ("company", "By Company"),
                ("department", "By Department"),
                ("category", "By Employee Tag"),
            ],
        ));
    }
    vec![
        Model::new("hr.leave", "Time Off", "date_from desc", request),
        kind(),
        Model::new(
            "hr.leave.allocation",
            "Time Off Allocation",
            "create_date desc",
            vec![
                char("name", "Description"),
                one_of(
                    "state",
                    "Status",
                    &[
                        ("confirm", "To Approve"),
                        ("refuse", "Refused"),
                        ("validate1", "Second Approval"),
                        ("validate", "Approved"),
                    ],
                )
                .readonly(),
                date("date_from", "Start Date").required(),
                date("date_to", "End Date"),
                many2one("holiday_status_id", "Time Off Type", "hr.leave.type").required(),
                many2one("employee_id", "Employee", "hr.employee").required().indexed(),
                float("number_of_days", "Number of Days"),
                char("duration_display", "Allocated (Days/Hours)").computed(allocation::display),
                float("max_leaves", "Max Leaves").related("id", "number_of_days"),
                float("leaves_taken", "Time off Taken").computed(allocation::taken_of),
                one_of(
                    "allocation_type",
                    "Allocation Type",
                    &[("regular", "Regular Allocation"), ("accrual", "Accrual Allocation")],
                )
                .required(),
                many2one("approver_id", "First Approval", "hr.employee").readonly(),
                text("notes", "Reasons"),
                boolean("active", "Active"),
            ],
        ),
        Model::new(
            "hr.holidays.cancel.leave",
            "Cancel Time Off Wizard",
            "id",
            vec![many2one("leave_id", "Leave", "hr.leave").required(), text("reason", "Reason").required()],
        ),
    ]
}

fn request(states: super::field::Selection) -> Vec<super::Field> {
    vec![
        char("name", "Description"),
        char("private_name", "Time Off Description").related("id", "name"),
        one_of("state", "Status", states).readonly(),
        many2one("user_id", "User", "res.users").related("employee_id", "user_id"),
        many2one("manager_id", "Manager", "hr.employee").related("employee_id", "parent_id"),
        many2one("holiday_status_id", "Time Off Type", "hr.leave.type").required(),
        one_of("validation_type", "Validation Type", VALIDATION)
            .related("holiday_status_id", "leave_validation_type"),
        one_of("leave_type_request_unit", "Leave Type Request Unit", UNIT)
            .related("holiday_status_id", "request_unit"),
        many2one("employee_id", "Employee", "hr.employee").required().indexed(),
        many2one("department_id", "Department", "hr.department").related("employee_id", "department_id"),
        many2one("company_id", "Company", "res.company"),
        char("tz", "Timezone").computed(leave::zone),
        text("notes", "Reasons"),
        datetime("date_from", "Start Date").readonly(),
        datetime("date_to", "End Date").readonly(),
        float("number_of_days", "Duration (Days)"),
        float("number_of_hours", "Duration (Hours)"),
        char("duration_display", "Requested (Days/Hours)").computed(leave::duration),
        many2one("first_approver_id", "First Approval", "hr.employee").readonly(),
        many2one("second_approver_id", "Second Approval", "hr.employee").readonly(),
        date("request_date_from", "Request Start Date"),
        date("request_date_to", "Request End Date"),
        one_of("request_date_from_period", "Date Period Start", &[("am", "Morning"), ("pm", "Afternoon")]),
        boolean("request_unit_half", "Half Day"),
        boolean("request_unit_hours", "Custom Hours"),
        // A selection until 17, a number since.
        float("request_hour_from", "Hour from"),
        float("request_hour_to", "Hour to"),
        boolean("can_approve", "Can Approve").computed(leave::can_approve),
        boolean("can_cancel", "Can Cancel").computed(leave::can_cancel),
        boolean("can_reset", "Can reset").computed(leave::can_reset),
    ]
}

fn kind() -> Model {
    Model::new(
        "hr.leave.type",
        "Time Off Type",
        "sequence",
        vec![
            char("name", "Time Off Type").required(),
            integer("sequence", "Sequence"),
            boolean("active", "Active"),
            integer("color", "Color"),
            many2one("company_id", "Company", "res.company"),
            one_of("requires_allocation", "Requires allocation", &[("yes", "Yes"), ("no", "No Limit")])
                .required(),
            one_of("leave_validation_type", "Time Off Validation", VALIDATION),
            one_of("allocation_validation_type", "Approval", VALIDATION),
            one_of("request_unit", "Take Time Off in", UNIT).required(),
            one_of("time_type", "Kind of Time Off", &[("other", "Worked Time"), ("leave", "Absence")]),
            boolean("unpaid", "Is Unpaid"),
            boolean("allows_negative", "Allow Negative Cap"),
            integer("max_allowed_negative", "Maximum Excess Amount"),
            many2many("responsible_ids", "Notified Time Off Officer", "res.users"),
            float("max_leaves", "Maximum Allowed").computed(allocation::maximum),
            float("leaves_taken", "Time off Already Taken").computed(allocation::taken),
            float("virtual_leaves_taken", "Virtual Time Off Already Taken")
                .computed(allocation::virtual_taken),
            float("virtual_remaining_leaves", "Virtual Remaining Time Off")
                .computed(allocation::virtual_remaining),
        ],
    )
}

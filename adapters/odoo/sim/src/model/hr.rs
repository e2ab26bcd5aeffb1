//! Employees and departments.

use super::Model;
use super::field::{boolean, char, many2one, one2many};
use crate::action::employee;

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new(
            "hr.department",
            "Department",
            "name",
            vec![
                char("name", "Department Name").required(),
                char("complete_name", "Complete Name").computed(employee::department_name),
                many2one("parent_id", "Parent Department", "hr.department"),
                many2one("manager_id", "Manager", "hr.employee"),
                many2one("company_id", "Company", "res.company"),
                boolean("active", "Active"),
            ],
        ),
        Model::new(
            "hr.employee",
            "Employee",
            "name",
            vec![
                char("name", "Employee Name").required(),
                boolean("active", "Active"),
                many2one("user_id", "User", "res.users").indexed(),
                many2one("company_id", "Company", "res.company").required(),
                many2one("department_id", "Department", "hr.department"),
                many2one("parent_id", "Manager", "hr.employee").indexed(),
                many2one("coach_id", "Coach", "hr.employee"),
                one2many("child_ids", "Direct subordinates", "hr.employee", "parent_id"),
                char("job_title", "Job Title"),
                char("work_email", "Work Email"),
                char("work_phone", "Work Phone"),
                many2one("work_contact_id", "Work Contact", "res.partner"),
                char("tz", "Timezone"),
                many2one("expense_manager_id", "Expense", "res.users"),
                many2one("leave_manager_id", "Time Off", "res.users"),
                // The rest is for officers: `groups="hr.group_hr_user"`.
                char("barcode", "Badge ID"),
                char("pin", "PIN"),
                char("identification_id", "Identification No"),
                char("private_email", "Private Email"),
                many2one("bank_account_id", "Bank Account", "res.partner.bank"),
            ],
        ),
    ]
}

/// What anybody may read of an employee: the fields of `hr.employee.base`.
pub(crate) const FOR_OFFICERS: [&str; 5] =
    ["barcode", "pin", "identification_id", "private_email", "bank_account_id"];

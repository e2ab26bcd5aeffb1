//! Users, companies, money, files: what the modules of people stand on.

use super::Model;
use super::field::{
    Field, Kind, boolean, char, date, float, integer, many2many, many2one, money, one_of, text,
};
use crate::action::{attachment, product};

const CURRENCY: &str = "res.currency";

pub(super) fn models() -> Vec<Model> {
    let mut models = people();
    models.extend(money_matters());
    models.extend(cost_centres());
    models.extend(technical());
    models
}

fn people() -> Vec<Model> {
    let company = |key| many2one(key, "Company", "res.company");
    vec![
        Model::new(
            "res.company",
            "Companies",
            "id",
            vec![
                char("name", "Company Name").required(),
                many2one("currency_id", "Currency", CURRENCY).required(),
                boolean("active", "Active"),
            ],
        ),
        Model::new(
            "res.partner",
            "Contact",
            "complete_name, id",
            vec![
                char("name", "Name"),
                char("complete_name", "Complete Name").related("id", "name"),
                char("email", "Email"),
                char("phone", "Phone"),
                char("vat", "Tax ID"),
                char("ref", "Reference"),
                boolean("is_company", "Is a Company"),
                boolean("active", "Active"),
            ],
        ),
        Model::new(
            "res.partner.bank",
            "Bank Accounts",
            "id",
            vec![
                char("acc_number", "Account Number").required(),
                many2one("partner_id", "Account Holder", "res.partner").required().indexed(),
                boolean("allow_out_payment", "Send Money"),
                boolean("active", "Active"),
            ],
        ),
        Model::new(
            "res.users",
            "User",
            "name, login",
            vec![
                char("name", "Name").related("partner_id", "name"),
                char("login", "Login").required(),
                char("email", "Email").related("partner_id", "email"),
                // Never read: see `read`.
                char("password", "Password"),
                boolean("active", "Active"),
                boolean("share", "Share User"),
                many2one("partner_id", "Related Partner", "res.partner").required(),
                company("company_id").required(),
                many2many("company_ids", "Companies", "res.company"),
                many2one("employee_id", "Company employee", "hr.employee")
                    .computed(crate::action::employee::of_user),
                char("lang", "Language"),
                char("tz", "Timezone"),
                many2many("groups_id", "Groups", "res.groups"),
            ],
        ),
        Model::new(
            "res.groups",
            "Access Groups",
            "name",
            vec![char("name", "Name").required(), char("full_name", "Group Name").related("id", "name")],
        ),
    ]
}

fn money_matters() -> Vec<Model> {
    vec![
        Model::new(
            CURRENCY,
            "Currency",
            "active desc, name",
            vec![
                char("name", "Currency").required(),
                char("symbol", "Symbol").required(),
                char("full_name", "Name"),
                // Units of it for one of the company's.
                float("rate", "Current Rate"),
                float("rounding", "Rounding Factor"),
                integer("decimal_places", "Decimal Places"),
                boolean("active", "Active"),
            ],
        ),
        Model::new(
            "product.product",
            "Product Variant",
            "default_code, name, id",
            vec![
                char("name", "Name").required(),
                char("default_code", "Internal Reference"),
                boolean("active", "Active"),
                boolean("can_be_expensed", "Expenses"),
                float("standard_price", "Cost"),
                text("description", "Description"),
                many2one("uom_id", "Unit of Measure", "uom.uom"),
                many2many("supplier_taxes_id", "Purchase Taxes", "account.tax"),
                many2one("company_id", "Company", "res.company"),
                boolean("product_has_cost", "Has a cost").computed(product::has_cost),
            ],
        ),
        Model::new(
            "uom.uom",
            "Product Unit of Measure",
            "name",
            vec![char("name", "Unit of Measure").required()],
        ),
        Model::new(
            "account.tax",
            "Tax",
            "sequence, id",
            vec![
                char("name", "Tax Name").required(),
                one_of(
                    "type_tax_use",
                    "Tax Type",
                    &[("sale", "Sales"), ("purchase", "Purchases"), ("none", "None")],
                )
                .required(),
                one_of(
                    "amount_type",
                    "Tax Computation",
                    &[
                        ("group", "Group of Taxes"),
                        ("fixed", "Fixed"),
                        ("percent", "Percentage"),
                        ("division", "Percentage Tax Included"),
                    ],
                )
                .required(),
                float("amount", "Amount").required(),
                boolean("price_include", "Included in Price"),
                text("description", "Description"),
                integer("sequence", "Sequence"),
                many2one("company_id", "Company", "res.company").required(),
                boolean("active", "Active"),
            ],
        ),
    ]
}

fn cost_centres() -> Vec<Model> {
    vec![
        Model::new(
            "account.analytic.plan",
            "Analytic Plans",
            "name",
            vec![char("name", "Name").required(), many2one("parent_id", "Parent", "account.analytic.plan")],
        ),
        Model::new(
            "account.analytic.account",
            "Analytic Account",
            "plan_id, name asc",
            vec![
                char("name", "Analytic Account").required(),
                char("code", "Reference"),
                many2one("plan_id", "Plan", "account.analytic.plan").required(),
                many2one("root_plan_id", "Root Plan", "account.analytic.plan").related("plan_id", "id"),
                many2one("partner_id", "Customer", "res.partner"),
                many2one("company_id", "Company", "res.company"),
                money("balance", "Balance"),
                boolean("active", "Active"),
            ],
        ),
        Model::new(
            "project.project",
            "Project",
            "sequence, name, id",
            vec![
                char("name", "Name").required(),
                integer("sequence", "Sequence"),
                // `account_id` since 18; `analytic_account_id` before.
                many2one("account_id", "Analytic Account", "account.analytic.account"),
                many2one("user_id", "Project Manager", "res.users"),
                many2one("company_id", "Company", "res.company"),
                date("date_start", "Start Date"),
                date("date", "Expiration Date"),
                boolean("active", "Active"),
            ],
        ),
    ]
}

fn technical() -> Vec<Model> {
    vec![
        Model::new(
            "ir.attachment",
            "Attachment",
            "id desc",
            vec![
                char("name", "Name").required(),
                text("description", "Description"),
                char("res_name", "Resource Name").computed(attachment::resource_name),
                char("res_model", "Resource Model").readonly(),
                // Not a many-to-one: the model is in another field.
                integer("res_id", "Resource ID").indexed(),
                one_of("type", "Type", &[("url", "URL"), ("binary", "File")]).required(),
                char("url", "Url"),
                boolean("public", "Is public document"),
                char("access_token", "Access Token"),
                Field::new("raw", "File Content (raw)", Kind::Binary).computed(attachment::datas),
                Field::new("datas", "File Content (base64)", Kind::Binary),
                integer("file_size", "File Size").readonly(),
                char("checksum", "Checksum/SHA1").readonly(),
                char("mimetype", "Mime Type").readonly(),
                many2one("company_id", "Company", "res.company"),
            ],
        ),
        Model::new(
            "ir.model.data",
            "Model Data",
            "module, model, name",
            vec![
                char("name", "External Identifier").required(),
                char("complete_name", "Complete ID").computed(crate::orm::external::complete_name),
                char("module", "Module").required(),
                char("model", "Model Name").required(),
                integer("res_id", "Record ID").indexed(),
                boolean("noupdate", "Non Updatable"),
            ],
        ),
        Model::new(
            "ir.module.module",
            "Module",
            "name",
            vec![
                char("name", "Technical Name").required(),
                char("shortdesc", "Module Name"),
                one_of("state", "Status", &[("uninstalled", "Not Installed"), ("installed", "Installed")]),
                char("latest_version", "Installed Version"),
            ],
        ),
        Model::new(
            "ir.model",
            "Models",
            "model",
            vec![char("name", "Model Description").required(), char("model", "Model").required()],
        ),
    ]
}

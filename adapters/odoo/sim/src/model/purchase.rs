//! Purchase orders, as far as they were recorded: `addons/purchase/models/purchase_order.py`.

use super::Model;
use super::field::{char, datetime, float, integer, many2one, money, one_of, one2many, text};

pub(super) fn models() -> Vec<Model> {
    vec![
        Model::new(
            "purchase.order",
            "Purchase Order",
            "priority desc, id desc",
            vec![
                char("name", "Order Reference").required(),
                integer("priority", "Priority"),
                char("partner_ref", "Vendor Reference"),
                many2one("partner_id", "Vendor", "res.partner").required(),
                many2one("currency_id", "Currency", "res.currency").required(),
                many2one("company_id", "Company", "res.company").required(),
                one_of(
                    "state",
                    "Status",
                    &[
                        ("draft", "RFQ"),
                        ("sent", "RFQ Sent"),
                        ("to approve", "To Approve"),
                        ("purchase", "Purchase Order"),
                        ("done", "Locked"),
                        ("cancel", "Cancelled"),
                    ],
                )
                .readonly(),
                datetime("date_order", "Order Deadline").required(),
                datetime("date_approve", "Confirmation Date").readonly(),
                one2many("order_line", "Order Lines", "purchase.order.line", "order_id"),
                money("amount_untaxed", "Untaxed Amount").readonly(),
                money("amount_total", "Total").readonly(),
                text("notes", "Terms and Conditions"),
            ],
        ),
        Model::new(
            "purchase.order.line",
            "Purchase Order Line",
            "order_id, id",
            vec![
                text("name", "Description").required(),
                many2one("order_id", "Order Reference", "purchase.order").required().indexed(),
                many2one("product_id", "Product", "product.product"),
                float("product_qty", "Quantity").required(),
                float("price_unit", "Unit Price").required(),
                datetime("date_planned", "Expected Arrival"),
                money("price_subtotal", "Subtotal").readonly(),
            ],
        ),
    ]
}

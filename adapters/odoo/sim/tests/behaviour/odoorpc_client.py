"""Walks through reports and time off with OdooRPC: URL, database, login and password are the arguments."""
import sys
from urllib.parse import urlparse

import odoorpc

url, database, login, password = sys.argv[1:]
server = urlparse(url)
odoo = odoorpc.ODOO(server.hostname, port=server.port, protocol="jsonrpc")
assert odoo.version == "18.0", odoo.version
assert odoo.db.list() == [database]
try:
    odoo.login(database, login, "wrong")
    raise AssertionError("let in with a wrong password")
except odoorpc.error.RPCError as error:
    assert "Wrong login" in str(error), error
odoo.login(database, login, password)
Sheet = odoo.env["hr.expense.sheet"]
waiting = Sheet.search([("state", "=", "submit")], limit=3)
assert len(waiting) == 3
for sheet in Sheet.browse(waiting):
    assert sheet.state == "submit" and sheet.employee_id.name, sheet
    total = sum(line.total_amount for line in sheet.expense_line_ids)
    assert round(total, 2) == sheet.total_amount, (total, sheet.total_amount)
employee = odoo.env["hr.employee"].search([("bank_account_id", "!=", False)], limit=1, order="id desc")[0]
line = {"name": "Bus", "employee_id": employee, "product_id": 3, "total_amount_currency": 4.4}
new = Sheet.create({"name": "Bws", "employee_id": employee, "expense_line_ids": [(0, 0, line)]})
Sheet.action_submit_sheet([new])
assert Sheet.browse(new).state == "submit"
action = Sheet.action_refuse_expense_sheets([new])
assert action["res_model"] == "hr.expense.refuse.wizard"
wizard = odoo.env["hr.expense.refuse.wizard"].create({"reason": "no receipt", "sheet_ids": [(6, 0, [new])]})
odoo.env["hr.expense.refuse.wizard"].action_refuse([wizard])
assert Sheet.read([new], ["state"])[0]["state"] == "cancel"
try:
    odoo.env["hr.leave"].create({"holiday_status_id": 1, "employee_id": employee,
                                 "request_date_from": "2027-04-01", "request_date_to": "2027-10-01"})
    raise AssertionError("more than was allocated")
except odoorpc.error.RPCError as error:
    assert "no valid allocation" in str(error), error
odoo.logout()
print("done")

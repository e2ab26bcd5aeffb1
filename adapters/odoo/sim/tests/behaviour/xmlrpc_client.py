"""Files a claim with the client that comes with Python: URL, database, login and password are the arguments."""
import sys
import xmlrpc.client

url, database, login, password = sys.argv[1:]
common = xmlrpc.client.ServerProxy(url + "/xmlrpc/2/common")
assert common.version()["server_version_info"][:3] == [18, 0, 0]
assert common.authenticate(database, login, "wrong", {}) is False
uid = common.authenticate(database, login, password, {})
models = xmlrpc.client.ServerProxy(url + "/xmlrpc/2/object")


def call(model, method, *placed, **named):
    return models.execute_kw(database, uid, password, model, method, list(placed), named)


def fault(code, *arguments, **named):
    try:
        call(*arguments, **named)
    except xmlrpc.client.Fault as error:
        assert error.faultCode == code, error
        return error.faultString
    raise AssertionError("no fault")


people = call("hr.employee", "search_read", [["user_id", "!=", False], ["bank_account_id", "!=", False]],
              fields=["name", "parent_id", "barcode"], limit=5, order="id desc")
employee = people[0]
assert isinstance(employee["parent_id"], list) and employee["barcode"].startswith("E")
category = call("product.product", "search", [["name", "=", "Rail travel"]])[0]
sheet = call("hr.expense.sheet", "create", {
    "name": "Taith – Aberystwyth & back <return>", "employee_id": employee["id"],
    "expense_line_ids": [(0, 0, {"name": "Train", "employee_id": employee["id"], "product_id": category,
                                 "total_amount_currency": 33.335, "date": "2026-10-01"})]})
# Done, and yet a fault.
for method, state in [("action_submit_sheet", "submit"), ("action_approve_expense_sheets", "approve"),
                      ("action_approve_expense_sheets", "approve")]:
    assert "cannot marshal None" in fault(1, "hr.expense.sheet", method, [sheet])
    assert call("hr.expense.sheet", "read", [sheet], fields=["state"])[0]["state"] == state
read = call("hr.expense.sheet", "read", [sheet], fields=["name", "total_amount", "user_id", "accounting_date"])[0]
assert read["name"] == "Taith – Aberystwyth & back <return>" and read["total_amount"] == 33.34, read
assert call("hr.expense.sheet", "read", [999999]) == []
assert fault(2, "no.such", "search", []) == "Object no.such doesn't exist"
assert "Invalid field" in fault(1, "hr.expense", "search", [["nosuch", "=", 1]])
assert fault(4, "hr.expense.sheet", "_do_submit", [sheet]).startswith("Private methods")
leave = call("hr.leave", "create", {"holiday_status_id": 1, "employee_id": employee["id"],
                                    "request_date_from": "2027-05-10", "request_date_to": "2027-05-14"})
assert "overlaps with this period" in fault(2, "hr.leave", "create", {
    "holiday_status_id": 1, "employee_id": employee["id"],
    "request_date_from": "2027-05-14", "request_date_to": "2027-05-14"})
assert call("hr.leave", "action_approve", [leave]) is True
assert call("hr.leave", "action_refuse", [leave]) is True
file = call("ir.attachment", "create", {"name": "beleg ä.txt", "res_model": "hr.leave", "res_id": leave,
                                        "datas": "QmVsZWcg4oKs"})
assert call("ir.attachment", "read", [file], fields=["datas", "file_size"])[0]["file_size"] == 9
print("done")

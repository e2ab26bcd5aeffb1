//! Tracebacks as Python 3.11 prints them, for what was recorded with one. The line numbers are those of the recorded
//! release.

use std::fmt::Write as _;

/// One line of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    file: &'static str,
    line: u32,
    function: &'static str,
    code: String,
    /// The part of the code that is underlined; empty for none.
    mark: String,
}

pub(crate) fn frame(file: &'static str, line: u32, function: &'static str, code: &str, mark: &str) -> Frame {
    Frame { file, line, function, code: code.to_owned(), mark: mark.to_owned() }
}

const RPC: &str = "/srv/odoo/odoo/addons/base/controllers/rpc.py";
const SERVICE: &str = "/srv/odoo/odoo/service/model.py";
/// Where the methods of models are.
pub(crate) const MODELS: &str = "/srv/odoo/odoo/models.py";
const EXPRESSION: &str = "/srv/odoo/odoo/osv/expression.py";
const CLIENT: &str = "/usr/lib/python3.11/xmlrpc/client.py";

/// What every call of a method of a model has on the stack, and then the frames given.
pub(crate) fn call(frames: &[Frame]) -> Vec<Frame> {
    let retry = "retrying(partial(odoo.api.call_kw, recs, method, args, kw), env)";
    let mut all = vec![
        frame(RPC, 161, "xmlrpc_2", "response = self._xmlrpc(service)", "self._xmlrpc(service)"),
        frame(
            RPC,
            139,
            "_xmlrpc",
            "result = dispatch_rpc(service, method, params)",
            "dispatch_rpc(service, method, params)",
        ),
        frame(
            "/srv/odoo/odoo/http.py",
            398,
            "dispatch_rpc",
            "return dispatch(method, params)",
            "dispatch(method, params)",
        ),
        frame(
            SERVICE,
            39,
            "dispatch",
            "res = execute_kw(db, uid, *params[3:])",
            "execute_kw(db, uid, *params[3:])",
        ),
        frame(
            SERVICE,
            61,
            "execute_kw",
            "return execute(db, uid, obj, method, *args, **kw or {})",
            "execute(db, uid, obj, method, *args, **kw or {})",
        ),
        frame(
            SERVICE,
            68,
            "execute",
            "res = execute_cr(cr, uid, obj, method, *args, **kw)",
            "execute_cr(cr, uid, obj, method, *args, **kw)",
        ),
        frame(SERVICE, 52, "execute_cr", &format!("result = {retry}"), retry),
        frame(SERVICE, 137, "retrying", "result = func()", "func()"),
        frame(
            "/srv/odoo/odoo/api.py",
            517,
            "call_kw",
            "result = getattr(recs, name)(*args, **kwargs)",
            "getattr(recs, name)(*args, **kwargs)",
        ),
    ];
    all.extend_from_slice(frames);
    all
}

/// The stack of a result that cannot be written.
pub(crate) fn marshalling(brand: &str) -> Vec<Frame> {
    let dump = format!("{brand}Marshaller(allow_none=False).dumps(params)");
    vec![
        frame(RPC, 161, "xmlrpc_2", "response = self._xmlrpc(service)", "self._xmlrpc(service)"),
        frame(RPC, 140, "_xmlrpc", "return dumps((result,))", "dumps((result,))"),
        frame(RPC, 114, "dumps", &format!("response = {dump}"), &dump),
        frame(CLIENT, 514, "dumps", "dump(v, write)", ""),
        frame(CLIENT, 536, "__dump", "f(self, value, write)", ""),
        frame(
            CLIENT,
            540,
            "dump_nil",
            "raise TypeError(\"cannot marshal None unless allow_none is enabled\")",
            "",
        ),
    ]
}

/// From the method that searches down to the domain that names a field that is not there.
pub(crate) fn domain(method: &str) -> Vec<Frame> {
    let search = "self._search(domain, offset=offset, limit=limit, order=order or self._order)";
    let fetch = "self.search_fetch(domain or [], fields, offset=offset, limit=limit, order=order)";
    let mut frames = match method {
        "search_read" => vec![
            frame(MODELS, 6061, "search_read", &format!("records = {fetch}"), fetch),
            frame(MODELS, 1741, "search_fetch", &format!("query = {search}"), search),
        ],
        _ => Vec::new(),
    };
    let raised = "raise ValueError(f\"Invalid field {model._name}.{path[0]} in leaf {item}\")";
    frames.extend([
        frame(MODELS, 5736, "_search", "query = self._where_calc(domain)", "self._where_calc(domain)"),
        frame(
            MODELS,
            5487,
            "_where_calc",
            "return expression.expression(domain, self).query",
            "expression.expression(domain, self)",
        ),
        frame(
            EXPRESSION,
            781,
            "__init__",
            "self.expression = domain_combine_anies(domain, model)",
            "domain_combine_anies(domain, model)",
        ),
        frame(
            EXPRESSION,
            599,
            "domain_combine_anies",
            "domain_any = _anyfy_leaves(domain, model)",
            "_anyfy_leaves(domain, model)",
        ),
        frame(EXPRESSION, 374, "_anyfy_leaves", raised, ""),
    ]);
    frames
}

/// The whole text, with the exception at its end.
pub(crate) fn format(frames: &[Frame], class: &str, said: &str) -> String {
    let mut out = String::from("Traceback (most recent call last):\n");
    for frame in frames {
        let _ = writeln!(out, "  File \"{}\", line {}, in {}", frame.file, frame.line, frame.function);
        let _ = writeln!(out, "    {}", frame.code);
        if let Some(at) = frame.code.find(&frame.mark).filter(|_| !frame.mark.is_empty()) {
            let before = frame.code[..at].chars().count();
            let marked = frame.mark.chars().count();
            let _ = writeln!(out, "    {}{}", " ".repeat(before), "^".repeat(marked));
        }
    }
    let _ = writeln!(out, "{class}: {said}");
    out
}

const DECORATOR: &str = "/srv/venv-odoo/lib/python3.11/site-packages/decorator.py";

/// From `check_access_rights` down to an operation that there is not.
pub(crate) fn access() -> Vec<Frame> {
    let check = "Access.check(self._name, operation, raise_exception=False)";
    vec![
        frame(
            MODELS,
            4422,
            "check_access_rights",
            "return self.browse().check_access(operation)",
            "self.browse().check_access(operation)",
        ),
        frame(
            MODELS,
            4361,
            "check_access",
            "if not self.env.su and (result := self._check_access(operation)):",
            "self._check_access(operation)",
        ),
        frame(MODELS, 4394, "_check_access", &format!("if not {check}:"), check),
        frame(
            "/srv/odoo/odoo/addons/base/models/ir_model.py",
            2109,
            "check",
            "has_access = model in self._get_allowed_models(mode)",
            "self._get_allowed_models(mode)",
        ),
        frame(
            DECORATOR,
            232,
            "fun",
            "return caller(func, *(extras + args), **kw)",
            "caller(func, *(extras + args), **kw)",
        ),
        frame(
            "/srv/odoo/odoo/tools/cache.py",
            110,
            "lookup",
            "value = d[key] = self.method(*args, **kwargs)",
            "self.method(*args, **kwargs)",
        ),
        frame(
            "/srv/odoo/odoo/addons/base/models/ir_model.py",
            2079,
            "_get_allowed_models",
            "assert mode in ('read', 'write', 'create', 'unlink'), 'Invalid access mode'",
            "mode in ('read', 'write', 'create', 'unlink')",
        ),
    ]
}

/// What a cache says that does not hold the answer yet. Python underlines a subscript in two ways.
pub(crate) fn cache_miss(uid: i64, mode: &str) -> String {
    format!(
        "Traceback (most recent call last):
  File \"/srv/odoo/odoo/tools/cache.py\", line 103, in lookup
    r = d[key]
        ~^^^^^
  File \"{DECORATOR}\", line 232, in fun
    return caller(func, *(extras + args), **kw)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File \"/srv/odoo/odoo/tools/func.py\", line 97, in locked
    return func(inst, *args, **kwargs)
           ^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File \"/srv/odoo/odoo/tools/lru.py\", line 33, in __getitem__
    a = self.d[obj]
        ~~~~~~^^^^^
KeyError: ('ir.model.access', <function IrModelAccess._get_allowed_models at 0x7fcf5aa904a0>, {uid}, '{mode}')
"
    )
}

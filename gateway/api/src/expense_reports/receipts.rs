//! Receipts: uploads with a digest, downloads that are never a page of ours.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use percent_encoding::percent_decode_str;
use portico_compose::expenses::{FoundReceipt, ReceiptUpload};
use portico_compose::verified;
use portico_contract::Deadline;
use portico_contract::expenses::AttachReceipt;
use portico_edge::ApiResult;
use portico_schemas::{Operation, Problem, Receipt, ResourceType};

use super::render;
use crate::asked::{Asked, NoQuery};
use crate::writing::{Write, content_digest, keyed, unkeyed};
use crate::{Api, body, conditions, download, operations, reply};

/// How long an upload may take in all. The time-outs and the minimum rate for bodies end a stalled one much earlier.
const UPLOAD: Duration = Duration::from_secs(300);

/// Adds a receipt to a line of a draft: a picture or a PDF, at most 16 MiB.
#[utoipa::path(post, path = "/v1/expense-reports/{id}/lines/{lineId}/receipts", tag = "expense reports", operation_id = "attachReceipt",
    params(("id" = String, Path, description = "The report."),
           ("lineId" = String, Path, description = "The line."),
           ("Content-Disposition" = Option<String>, Header, description = "The file's name (RFC 6266), which is never in an address: `attachment; filename*=UTF-8''taxi%20to%20Bangor.pdf`.", example = "attachment; filename=\"ticket.pdf\""),
           ("Content-Digest" = String, Header, description = "`sha-256=:<base64>:`, the SHA-256 of the body (RFC 9530)."),
           ("Idempotency-Key" = String, Header, description = "A UUID in quotes."),
           ("validateOnly" = Option<bool>, Query, description = "`true`: make every check and write nothing; the body is not read.")),
    request_body(content_type = "application/octet-stream", description = "The octets, with their own media type: `image/…` or `application/pdf`."),
    responses((status = 201, description = "Added; `Location` says where it is.", body = Receipt),
              (status = 200, description = "This key added it before.", body = Receipt),
              (status = 202, description = "Under way, or nobody knows yet: `Location` says where to look.", body = Operation),
              (status = 204, description = "Only tried: every check passed."),
              (status = 409, description = "The report is no draft.", body = Problem, content_type = "application/problem+json"),
              (status = 413, description = "It is larger than 16 MiB.", body = Problem, content_type = "application/problem+json"),
              (status = 415, description = "It is neither a picture nor a PDF.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn attach(
    State(api): State<Arc<Api>>,
    Path((id, line)): Path<(String, String)>,
    Asked { mut context, query, .. }: Asked<Write>,
    headers: HeaderMap,
    body: Body,
) -> ApiResult<Response> {
    let digest = content_digest(&headers)?;
    let upload = verified(&body::upload(&headers, body), digest, AttachReceipt::MAX);
    let name = file_name(&headers).unwrap_or_else(|| default_name(upload.upload.media_type.as_deref()));
    let stands_for = (digest, upload.upload.length, &upload.upload.media_type, &name);
    let route = "POST /v1/expense-reports/{id}/lines/{lineId}/receipts";
    let asking = keyed(&headers, query, route, &[&id, &line], &stands_for)?;
    context.deadline = Deadline::after(UPLOAD);
    let change = api.expenses.attach(&context, &id, &line, ReceiptUpload { name, upload }, asking).await?;
    Ok(operations::answer(change, |found, is_new| {
        shown(&api, &found, if is_new { StatusCode::CREATED } else { StatusCode::OK })
    }))
}

/// The octets of a receipt.
#[utoipa::path(get, path = "/v1/expense-reports/{id}/receipts/{receiptId}", tag = "expense reports", operation_id = "readReceipt",
    params(("id" = String, Path, description = "The report."),
           ("receiptId" = String, Path, description = "The receipt."),
           ("If-None-Match" = Option<String>, Header, description = "Answer 304 if it is still this version.")),
    responses((status = 200, description = "The octets, as a download.", content_type = "application/octet-stream"),
              (status = 304, description = "It has not changed."),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn read(
    State(api): State<Arc<Api>>,
    Path((id, receipt)): Path<(String, String)>,
    Asked { context, .. }: Asked<NoQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let none_match = conditions::tags(&headers, &header::IF_NONE_MATCH)?;
    let content = api.expenses.receipt(&context, &id, &receipt).await?;
    let tag = content.head.version.as_ref();
    let tag = tag.map(|version| conditions::tag(&api.seals, version, conditions::CONTENT));
    let mut reply = download::validators(&content.head, tag.as_deref());
    if tag.as_ref().is_some_and(|tag| conditions::holds(none_match.as_ref(), tag)) {
        return Ok((StatusCode::NOT_MODIFIED, reply).into_response());
    }
    download::describe(&mut reply, &content.head);
    let mut response = portico_edge::body::from_stream(content.body).into_response();
    *response.headers_mut() = reply;
    Ok(response)
}

/// Takes a receipt out of a draft.
#[utoipa::path(delete, path = "/v1/expense-reports/{id}/receipts/{receiptId}", tag = "expense reports", operation_id = "removeReceipt",
    params(("id" = String, Path, description = "The report."),
           ("receiptId" = String, Path, description = "The receipt."),
           ("validateOnly" = Option<bool>, Query, description = "`true`: make every check and write nothing.")),
    responses((status = 202, description = "Under way, or nobody knows yet: `Location` says where to look.", body = Operation),
              (status = 204, description = "Taken out; or only tried, and every check passed."),
              (status = 409, description = "The report is no draft.", body = Problem, content_type = "application/problem+json"),
              (status = "default", description = "A problem.", body = Problem, content_type = "application/problem+json")))]
pub async fn remove(
    State(api): State<Arc<Api>>,
    Path((id, receipt)): Path<(String, String)>,
    Asked { context, query, .. }: Asked<Write>,
) -> ApiResult<Response> {
    let route = "DELETE /v1/expense-reports/{id}/receipts/{receiptId}";
    let asking = unkeyed(query, route, &[&id, &receipt], &());
    let change = api.expenses.remove_receipt(&context, &id, &receipt, asking).await?;
    Ok(operations::answer(change, |(), _| operations::no_content()))
}

fn shown(api: &Api, found: &FoundReceipt, status: StatusCode) -> Response {
    let report = api.seals.seal(ResourceType::ExpenseReport, &found.system, &found.report);
    let receipt = render::receipt(&api.seals, &found.system, &report, &found.record);
    let mut response = reply::tagged(status, None, None, &receipt);
    if let Ok(address) = HeaderValue::try_from(&*receipt.href) {
        let name = if status == StatusCode::CREATED { header::LOCATION } else { header::CONTENT_LOCATION };
        response.headers_mut().insert(name, address);
    }
    response
}

/// The name of the file (RFC 6266): the true one (`filename*`) before the plain one. `None` when there is none that can be
/// read; its characters are checked later.
fn file_name(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_DISPOSITION)?.to_str().ok()?;
    let (mut plain, mut extended) = (None, None);
    let mut rest = text.split_once(';')?.1;
    while let Some((name, after)) = rest.split_once('=') {
        let (value, left) = parameter(after.trim_start())?;
        match name.trim().to_ascii_lowercase().as_str() {
            "filename" => plain = Some(value),
            "filename*" => extended = extended_value(&value),
            _ => {}
        }
        rest = left.trim_start().strip_prefix(';').unwrap_or_default();
    }
    extended.or(plain).filter(|name| !name.trim().is_empty())
}

/// A token or a quoted string, and what follows.
fn parameter(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return Some((text[..end].trim().to_owned(), &text[end..]));
    };
    let (mut value, mut characters) = (String::new(), quoted.char_indices());
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

/// RFC 8187: `UTF-8'language'percent-encoded`.
fn extended_value(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let (_, value) = rest.split_once('\'')?;
    let value = percent_decode_str(value).decode_utf8().ok()?;
    charset.eq_ignore_ascii_case("utf-8").then(|| value.into_owned())
}

/// For a caller that does not say.
fn default_name(media_type: Option<&str>) -> String {
    let essence = media_type.and_then(|media_type| media_type.split(';').next()).unwrap_or_default().trim();
    let extension = match essence {
        "application/pdf" => ".pdf",
        "image/jpeg" => ".jpg",
        "image/png" => ".png",
        "image/gif" => ".gif",
        "image/webp" => ".webp",
        "image/heic" => ".heic",
        "image/tiff" => ".tiff",
        _ => "",
    };
    format!("receipt{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_browsers_and_programs_write_it() {
        let name = |text: &str| {
            let fields = [(header::CONTENT_DISPOSITION, HeaderValue::from_str(text).unwrap())];
            file_name(&fields.into_iter().collect())
        };
        for (written, read) in [
            ("attachment; filename=\"ticket.pdf\"", Some("ticket.pdf")),
            ("attachment; filename=ticket.pdf", Some("ticket.pdf")),
            ("attachment;filename=\"a;b=\\\"c\\\".pdf\"; x=y", Some("a;b=\"c\".pdf")),
            ("attachment; filename=\"sian.pdf\"; filename*=UTF-8''Si%C3%A2n.pdf", Some("Siân.pdf")),
            ("attachment; filename*=utf-8'cy'Si%C3%A2n.pdf", Some("Siân.pdf")),
            ("attachment; filename*=latin1''x.pdf; filename=y.pdf", Some("y.pdf")),
            ("attachment", None),
            ("attachment; filename=\"\"", None),
            ("attachment; filename=\"open", None),
        ] {
            assert_eq!(name(written).as_deref(), read, "{written}");
        }
        assert_eq!(default_name(Some("image/jpeg; q=1")), "receipt.jpg");
    }
}

//! Folders, and what becomes of things that are moved, copied and deleted.

use serde_json::{Value, json};

use super::{Library, over_both};

over_both! {
    folders_are_made_filled_and_listed
    things_are_moved_copied_and_deleted
}

async fn folders_are_made_filled_and_listed(library: Library) {
    let folder = library.folder(&library.root, "Estates & Facilities").await;
    // Once.
    let body = json!({ "objectTypeId": "folder" });
    let path = format!("/v1/documents/{folder}");
    let again = library.gateway.send_json("PUT", &path, &[("If-None-Match", "*")], &body).await;
    again.problem(412, "precondition_failed");
    library.gateway.send_json("PUT", &path, &[], &body).await.problem(428, "precondition_required");
    for faulty in
        [json!({}), json!({ "objectTypeId": "folder", "copyOf": "x" }), json!({ "objectTypeId": "spoon" })]
    {
        let id = library.child_id(&library.root, "another").await;
        let path = format!("/v1/documents/{id}");
        let answer = library.gateway.send_json("PUT", &path, &[("If-None-Match", "*")], &faulty).await;
        answer.problem(400, "invalid_request");
    }
    let mut ids = Vec::new();
    for name in ["b.txt", "a.txt", "c.txt"] {
        ids.push(library.create(&folder, name, name.as_bytes()).await.0);
    }
    let inner = library.folder(&folder, "inner").await;
    library.create(&inner, "deep.txt", b"deep").await;

    let children = library.children(&folder).await;
    let names: Vec<&str> = children.iter().map(|child| child["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a.txt", "b.txt", "c.txt", "inner"]);
    for child in &children {
        assert_eq!(child["parentId"], folder.as_str());
        let same = library
            .gateway
            .get(&format!("/v1/documents/{}", child["id"].as_str().unwrap()))
            .await
            .expect(200);
        assert_eq!(same["path"], child["path"]);
    }
    assert_eq!(children[1]["id"], ids[0].as_str(), "an id is the same however it is come by");
    let kinds: Vec<&Value> = children.iter().map(|child| &child["objectTypeId"]).collect();
    assert_eq!(kinds, ["document", "document", "document", "folder"]);
    // The whole store, and the same in pieces.
    let all = library.gateway.get("/v1/documents?limit=200&fields=path").await.expect(200);
    let paths = |page: &Value| -> Vec<String> {
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["path"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut pieces = Vec::new();
    let mut next = Some("/v1/documents?limit=2&fields=path".to_owned());
    while let Some(path) = next {
        let page = library.gateway.get(&path).await.expect(200);
        assert!(page["items"].as_array().unwrap().len() <= 2);
        pieces.extend(paths(&page));
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(pieces, paths(&all));
    assert!(pieces.iter().any(|path| path.ends_with("inner/deep.txt")), "{pieces:?}");
    // A document has no children, a folder no content; nothing goes into what is not there.
    let answer = library.gateway.get(&format!("/v1/documents/{}/children", ids[0])).await;
    assert!((400..500).contains(&answer.status()), "{}", answer.text());
    let answer = library.read(&folder, &[]).await;
    assert!((400..500).contains(&answer.status()), "{}", answer.text());
    let nowhere = library.child_id(&library.root, "no such folder").await;
    let lost = library.child_id(&nowhere, "lost.txt").await;
    let headers = [("If-None-Match", "*")];
    let answer = library.write("PUT", &format!("/v1/documents/{lost}/content"), &headers, b"x").await;
    assert!(matches!(answer.status(), 404 | 409), "{}", answer.text());
    library.end();
}

async fn things_are_moved_copied_and_deleted(library: Library) {
    let folder = library.folder(&library.root, "Target").await;
    let (id, etag) = library.create(&library.root, "draft.txt", b"text").await;
    let location = format!("/v1/documents/{id}/location");
    let to = json!({ "parentId": folder, "name": "final.txt" });
    library.gateway.send_json("PUT", &location, &[], &to).await.problem(428, "precondition_required");
    let stale = library.gateway.send_json("PUT", &location, &[("If-Match", "\"foreign\"")], &to).await;
    stale.problem(412, "precondition_failed");
    let moved = library.gateway.send_json("PUT", &location, &[("If-Match", &etag)], &to).await;
    let document = moved.expect(200);
    let new = document["id"].as_str().unwrap().to_owned();
    assert_ne!(new, id, "ids of WebDAV follow paths, as the system says");
    assert_eq!(moved.header("content-location"), Some(format!("/v1/documents/{new}").as_str()));
    assert_eq!((&document["name"], &document["parentId"]), (&json!("final.txt"), &json!(folder)));
    library.gateway.get(&format!("/v1/documents/{id}")).await.problem(404, "not_found");
    assert_eq!(library.read(&new, &[]).await.octets(200), b"text");
    let system = library.gateway.get("/v1/systems/library").await.expect(200);
    assert_eq!(system["idFollowsPath"], true);

    // Nothing is moved onto something.
    let (other, other_tag) = library.create(&library.root, "other.txt", b"other").await;
    let onto = format!("/v1/documents/{other}/location");
    let taken = library.gateway.send_json("PUT", &onto, &[("If-Match", &other_tag)], &to).await;
    assert!(matches!(taken.status(), 409 | 412), "{}", taken.text());
    assert_eq!(library.read(&new, &[]).await.octets(200), b"text");
    assert_eq!(library.read(&other, &[]).await.octets(200), b"other");

    // A copy, of a document and of a folder with what is in it.
    let copy_of = async |source: &str, name: &str| {
        let id = library.child_id(&library.root, name).await;
        let body = json!({ "copyOf": source });
        let path = format!("/v1/documents/{id}");
        (id, library.gateway.send_json("PUT", &path, &[("If-None-Match", "*")], &body).await)
    };
    let (copy, made) = copy_of(&new, "copy.txt").await;
    assert_eq!(made.expect(201)["id"], copy.as_str());
    assert_eq!(library.read(&copy, &[]).await.octets(200), b"text");
    copy_of(&new, "copy.txt").await.1.problem(412, "precondition_failed");
    let (whole, made) = copy_of(&folder, "Copy of Target").await;
    made.expect(201);
    let inside = library.children(&whole).await;
    assert_eq!(inside.len(), 1);
    assert_eq!(inside[0]["name"], "final.txt");
    let unknown = library.child_id(&library.root, "not there").await;
    copy_of(&unknown, "copy of nothing").await.1.problem(404, "not_found");

    // Deleting.
    let path = format!("/v1/documents/{copy}");
    library.write("DELETE", &path, &[("If-Match", "*")], b"").await.expect(204);
    library.write("DELETE", &path, &[("If-Match", "*")], b"").await.problem(404, "not_found");
    let path = format!("/v1/documents/{whole}");
    library.write("DELETE", &path, &[("If-Match", "*")], b"").await.expect(204);
    library
        .gateway
        .get(&format!("/v1/documents/{}", inside[0]["id"].as_str().unwrap()))
        .await
        .problem(404, "not_found");
    let root = format!("/v1/documents/{}", library.root);
    let answer = library.write("DELETE", &root, &[("If-Match", "*")], b"").await;
    assert!((400..500).contains(&answer.status()), "{}", answer.text());
    assert_eq!(library.read(&new, &[]).await.octets(200), b"text");
    library.end();
}

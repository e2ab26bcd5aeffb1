//! The structure of XML answers, independent of prefixes and white space.

use std::collections::BTreeMap;

use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;

/// An element: its name as `{namespace}local`, its character data without white space around it, and its children.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
}

pub fn parse(body: &str) -> Element {
    let mut reader = NsReader::from_str(body);
    let mut open = vec![Element { name: String::new(), text: String::new(), children: Vec::new() }];
    loop {
        let (ns, event) = reader.read_resolved_event().unwrap_or_else(|error| panic!("{error}: {body}"));
        let named = |local: &str| match &ns {
            ResolveResult::Bound(ns) => format!("{{{}}}{local}", AsRef::<str>::as_ref(ns)),
            other => panic!("{local} is {other:?}"),
        };
        let element = |name| Element { name, text: String::new(), children: Vec::new() };
        match event {
            Event::Start(start) => {
                let name = named(start.local_name().as_ref());
                open.push(element(name));
            }
            Event::Empty(start) => {
                let name = named(start.local_name().as_ref());
                open.last_mut().unwrap().children.push(element(name));
            }
            Event::End(_) => {
                let mut done = open.pop().unwrap();
                done.text = done.text.trim().to_owned();
                open.last_mut().unwrap().children.push(done);
            }
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let known = quick_xml::escape::resolve_predefined_entity(&reference.xml10_content());
                open.last_mut().unwrap().text.push_str(known.unwrap());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    open.pop().unwrap().children.remove(0)
}

/// Of each response of a multi-status answer, by its href: each property with its status, and the property itself.
pub type Properties = BTreeMap<String, BTreeMap<String, (String, Element)>>;

pub fn properties(multistatus: &Element) -> Properties {
    assert_eq!(multistatus.name, "{DAV:}multistatus");
    let mut all = Properties::new();
    for response in &multistatus.children {
        assert_eq!(response.name, "{DAV:}response");
        let child = |element: &Element, local: &str| {
            element.children.iter().find(|child| child.name == format!("{{DAV:}}{local}")).cloned().unwrap()
        };
        let mut found = BTreeMap::new();
        for propstat in response.children.iter().filter(|child| child.name == "{DAV:}propstat") {
            let status = child(propstat, "status").text;
            for property in child(propstat, "prop").children {
                found.insert(property.name.clone(), (status.clone(), property));
            }
        }
        let before = all.insert(child(response, "href").text, found);
        assert!(before.is_none(), "an href twice");
    }
    all
}

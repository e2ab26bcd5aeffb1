//! Faults as people read them.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::fault::{Fault, Place};

/// All faults, then how many there are.
pub(crate) fn render(faults: &[Fault], colours: bool) -> String {
    let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for fault in faults {
        text.push_str(&renderer.render(&[group(fault)]));
        text.push_str("\n\n");
    }
    let count = match faults.len() {
        1 => "1 fault in the configuration".to_owned(),
        n => format!("{n} faults in the configuration"),
    };
    text.push_str(&count);
    text
}

fn group(fault: &Fault) -> Group<'_> {
    let subject = match &fault.place {
        Place::Variable(name) => name.as_str(),
        _ => fault.path.as_str(),
    };
    let title =
        if subject.is_empty() { fault.problem.clone() } else { format!("`{subject}`: {}", fault.problem) };
    let mut group = Group::with_title(Level::ERROR.primary_title(title));
    let label = fault.suggestion.as_ref().map(|word| format!("did you mean `{word}`?"));
    let mut below = label.clone();
    match &fault.place {
        Place::File { file, line, column, shown, marked } => {
            let mark = AnnotationKind::Primary.span(marked.clone()).label(label);
            below = None;
            let snippet = Snippet::source(shown.as_str()).line_start(*line).annotation(mark);
            // The renderer counts columns in what it is shown. Stars before the mark would make it count wrongly.
            let counted = shown[..marked.start].chars().count() + 1;
            group = if counted == *column {
                group.element(snippet.path(file.as_str()))
            } else {
                let origin = Origin::path(file.as_str()).line(*line).char_column(*column);
                group.element(origin).element(snippet)
            };
        }
        Place::Variable(_) => {
            group = group.element(Origin::path("environment"));
            if !fault.path.is_empty() {
                let note = format!("the variable sets `{}`", fault.path);
                group = group.element(Level::NOTE.message(note));
            }
        }
        Place::Whole(name) => group = group.element(Origin::path(name.as_str())),
    }
    let help = [below, fault.help.clone()];
    group.elements(help.into_iter().flatten().map(|text| Level::HELP.message(text)))
}

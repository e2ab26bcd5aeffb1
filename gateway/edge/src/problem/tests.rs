use super::*;

#[test]
fn every_problem_has_a_page_that_names_it() {
    for code in ProblemCode::ALL {
        let page = problem_page(code.as_str()).unwrap();
        assert!(page.starts_with(&format!("# {}\n", code.title())), "{} has another title", code.as_str());
        assert!(page.contains(&format!("`{}` · status {} ", code.as_str(), code.status())));
        assert!(page.contains("## For the caller") && page.contains("## For operations"));
        let example = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let problem: Problem = serde_json::from_str(example).unwrap();
        assert_eq!((problem.code, problem.status), (*code, code.status()));
        assert_eq!((problem.origin, problem.title.as_str()), (code.origin(), code.title()));
        assert_eq!(problem.type_uri, format!("/docs/problems/{}", code.as_str()));
    }
    assert_eq!(problem_page("nonsense"), None);
}

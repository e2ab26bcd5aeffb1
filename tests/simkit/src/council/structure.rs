//! Departments, teams and job titles.

/// The departments' names, largest share of staff not first.
pub const DEPARTMENTS: [&str; 10] = {
    let mut names = [""; 10];
    let mut at = 0;
    while at < TREE.len() {
        names[at] = TREE[at].name;
        at += 1;
    }
    names
};

pub(super) struct Department {
    pub name: &'static str,
    /// Its share of the staff, relative to the others.
    pub weight: usize,
    pub teams: &'static [Team],
}

pub(super) struct Team {
    pub name: &'static str,
    pub titles: &'static [&'static str],
}

const fn team(name: &'static str, titles: &'static [&'static str]) -> Team {
    Team { name, titles }
}

pub(super) const TREE: [Department; 10] = [
    Department {
        name: "Corporate Services",
        weight: 8,
        teams: &[
            team("Chief Executive's Office", &["Executive Assistant", "Policy Officer"]),
            team("Democratic Services", &["Committee Clerk", "Elections Officer", "Scrutiny Officer"]),
            team("Communications", &["Press Officer", "Web Editor", "Translator"]),
        ],
    },
    Department {
        name: "Finance",
        weight: 8,
        teams: &[
            team("Accountancy", &["Accountant", "Assistant Accountant", "Finance Business Partner"]),
            team("Payroll", &["Payroll Officer", "Payroll Assistant"]),
            team("Procurement", &["Procurement Officer", "Contracts Manager", "Buyer"]),
            team("Internal Audit", &["Auditor", "Counter Fraud Officer"]),
        ],
    },
    Department {
        name: "People and Organisation",
        weight: 4,
        teams: &[
            team("Human Resources", &["HR Adviser", "HR Assistant", "Recruitment Officer"]),
            team("Learning and Development", &["Learning Adviser", "Apprenticeships Officer"]),
        ],
    },
    Department {
        name: "Digital and Technology",
        weight: 7,
        teams: &[
            team("Service Desk", &["Service Desk Analyst", "Desktop Engineer"]),
            team(
                "Digital Services",
                &["Developer", "Service Designer", "Content Designer", "Delivery Manager"],
            ),
            team("Infrastructure", &["Network Engineer", "Systems Administrator"]),
            team("Information Governance", &["Records Manager", "Information Rights Officer"]),
        ],
    },
    Department {
        name: "Adult Social Care",
        weight: 20,
        teams: &[
            team("Assessment and Review", &["Social Worker", "Senior Social Worker", "Care Coordinator"]),
            team("Reablement", &["Occupational Therapist", "Support Worker", "Support Worker"]),
            team("Safeguarding Adults", &["Safeguarding Officer", "Social Worker"]),
            team("Day Opportunities", &["Day Care Officer", "Driver and Escort"]),
        ],
    },
    Department {
        name: "Children and Families",
        weight: 18,
        teams: &[
            team("Family Support", &["Family Support Worker", "Social Worker"]),
            team("Looked After Children", &["Social Worker", "Personal Adviser"]),
            team("Fostering and Adoption", &["Supervising Social Worker", "Recruitment Officer"]),
            team("Youth Service", &["Youth Worker", "Youth Justice Officer"]),
        ],
    },
    Department {
        name: "Education",
        weight: 10,
        teams: &[
            team("School Admissions", &["Admissions Officer"]),
            team("Additional Learning Needs", &["Educational Psychologist", "Caseworker"]),
            team("School Catering", &["Cook", "Kitchen Assistant", "Kitchen Assistant"]),
        ],
    },
    Department {
        name: "Highways and Environment",
        weight: 14,
        teams: &[
            team(
                "Highways Maintenance",
                &["Highways Operative", "Highways Inspector", "Street Works Officer"],
            ),
            team("Waste and Recycling", &["Recycling Operative", "Driver", "Waste Officer"]),
            team("Parks and Countryside", &["Gardener", "Countryside Ranger", "Arboricultural Officer"]),
            team("Fleet", &["Vehicle Technician", "Fleet Officer"]),
        ],
    },
    Department {
        name: "Planning and Regeneration",
        weight: 6,
        teams: &[
            team("Development Management", &["Planning Officer", "Planning Enforcement Officer"]),
            team("Building Control", &["Building Control Surveyor"]),
            team("Economic Development", &["Business Adviser", "Tourism Officer"]),
        ],
    },
    Department {
        name: "Housing and Communities",
        weight: 9,
        teams: &[
            team("Housing Options", &["Housing Officer", "Homelessness Officer"]),
            team("Revenues and Benefits", &["Benefits Assessor", "Council Tax Officer"]),
            team("Libraries", &["Librarian", "Library Assistant", "Library Assistant"]),
            team("Public Protection", &["Environmental Health Officer", "Trading Standards Officer"]),
        ],
    },
];

//! Common given and family names by origin, and how they fold into ASCII.

/// Names that tend to occur together.
pub(super) struct Origin {
    /// Relative share of the staff.
    pub weight: usize,
    pub welsh: bool,
    pub given: &'static [&'static str],
    pub family: &'static [&'static str],
}

// One name per line would be four hundred lines.
#[rustfmt::skip]
pub(super) const ORIGINS: &[Origin] = &[
    Origin {
        weight: 40,
        welsh: false,
        given: &[
            "Alice", "Andrew", "Anna", "Barbara", "Ben", "Catherine", "Charlotte", "Christopher", "Claire",
            "Daniel", "David", "Deborah", "Edward", "Eleanor", "Emily", "Fiona", "George", "Grace",
            "Hannah", "Harry", "Helen", "Isobel", "Jack", "James", "Jane", "Joan", "John", "Karen",
            "Kevin", "Laura", "Linda", "Lucy", "Margaret", "Mark", "Mary", "Matthew", "Michael", "Nicola",
            "Oliver", "Patricia", "Paul", "Peter", "Rachel", "Rebecca", "Richard", "Robert", "Ruth",
            "Sarah", "Simon", "Stephen", "Susan", "Thomas", "Tracey", "Victoria", "William",
        ],
        family: &[
            "Allen", "Baker", "Barker", "Bell", "Bennett", "Brown", "Campbell", "Carter", "Clark",
            "Clarke", "Collins", "Cook", "Cooper", "Cox", "Davidson", "Edwards", "Fisher", "Foster",
            "Graham", "Gray", "Green", "Hall", "Harris", "Harrison", "Hill", "Hunt", "Jackson", "Johnson",
            "King", "Knight", "MacDonald", "Marshall", "Mason", "Mills", "Mitchell", "Moore", "Palmer",
            "Parker", "Reid", "Robinson", "Scott", "Shaw", "Simpson", "Smith", "Stewart", "Taylor",
            "Thompson", "Turner", "Walker", "Ward", "Watson", "White", "Wilson", "Wood", "Wright",
        ],
    },
    Origin {
        weight: 22,
        welsh: true,
        given: &[
            "Aled", "Alun", "Angharad", "Anwen", "Bethan", "Bronwen", "Carys", "Catrin", "Ceri", "Cerys",
            "Dafydd", "Delyth", "Dewi", "Eirlys", "Eleri", "Elin", "Emyr", "Ffion", "Gareth", "Geraint",
            "Glenys", "Gwen", "Gwenllïan", "Gwilym", "Gwyneth", "Heledd", "Huw", "Hywel", "Ieuan", "Ifan",
            "Iwan", "Llinos", "Lowri", "Mair", "Maredudd", "Megan", "Meirion", "Nerys", "Nia", "Owain",
            "Rhiannon", "Rhodri", "Rhys", "Siân", "Siôn", "Siwan", "Tegwen", "Tomos",
        ],
        family: &[
            "ap Rhys", "Bevan", "Bowen", "Davies", "Ellis", "Evans", "Gethin", "Griffiths", "Gwynne",
            "Howells", "Hughes", "Humphreys", "James", "Jenkins", "Jones", "Lewis", "Lloyd", "Llywelyn",
            "Meredith", "Morgan", "Morris", "Owen", "Parry", "Phillips", "Powell", "Preece", "Price",
            "Pritchard", "Probert", "Prosser", "Pugh", "Rees", "Roberts", "Thomas", "Tudor", "Vaughan",
            "Watkins", "Williams",
        ],
    },
    Origin {
        weight: 6,
        welsh: false,
        given: &[
            "Aoife", "Brendan", "Caoimhe", "Ciarán", "Conor", "Deirdre", "Eoin", "Gráinne", "Máire",
            "Niamh", "Nóra", "Pádraig", "Róisín", "Seán", "Siobhán", "Sinéad",
        ],
        family: &[
            "Byrne", "Doyle", "Gallagher", "Kelly", "Kennedy", "McCarthy", "McLoughlin", "Murphy",
            "O'Brien", "O'Connor", "O'Neill", "Ó Briain", "Quinn", "Ryan", "Walsh",
        ],
    },
    Origin {
        weight: 11,
        welsh: false,
        given: &[
            "Aisha", "Amit", "Anjali", "Arjun", "Asha", "Deepa", "Fatima", "Farah", "Gurpreet", "Harpreet",
            "Imran", "Jaspreet", "Kavita", "Manpreet", "Meera", "Mohammed", "Nadia", "Neha", "Nusrat",
            "Priya", "Rajesh", "Ravi", "Rukhsana", "Sanjay", "Shabnam", "Sunita", "Tariq", "Usha",
            "Vikram", "Yasmin",
        ],
        family: &[
            "Ahmed", "Akhtar", "Ali", "Begum", "Bhatt", "Chaudhry", "Desai", "Ghosh", "Gill", "Gupta",
            "Hussain", "Iqbal", "Kaur", "Khan", "Kumar", "Malik", "Mehta", "Mistry", "Nair", "Patel",
            "Rahman", "Rao", "Sandhu", "Shah", "Sharma", "Singh", "Uddin",
        ],
    },
    Origin {
        weight: 7,
        welsh: false,
        given: &[
            "Abena", "Adaeze", "Ama", "Chidi", "Chioma", "Efua", "Emeka", "Folasade", "Ifeoma", "Kofi",
            "Kwame", "Naledi", "Ngozi", "Obinna", "Olumide", "Sipho", "Tendai", "Thandiwe", "Yaw",
            "Zainab",
        ],
        family: &[
            "Abara", "Acheampong", "Adebayo", "Adeyemi", "Asante", "Balogun", "Boateng", "Chukwu",
            "Dlamini", "Mensah", "Moyo", "Mwangi", "Ndlovu", "Nwosu", "Okafor", "Okeke", "Okoro", "Osei",
            "Owusu",
        ],
    },
    Origin {
        weight: 7,
        welsh: false,
        given: &[
            "Agnieszka", "Andrei", "Dorota", "Elżbieta", "Ewa", "Grzegorz", "Ioana", "Jiří", "Katarzyna",
            "Krzysztof", "Łukasz", "Magdalena", "Małgorzata", "Marek", "Oksana", "Paweł", "Ştefan",
            "Tomáš", "Wojciech", "Zofia",
        ],
        family: &[
            "Dvořák", "Dąbrowska", "Horváth", "Ionescu", "Jankowski", "Kamiński", "Kovač", "Kowalczyk",
            "Kowalski", "Lewandowska", "Mazur", "Nowak", "Novák", "Popescu", "Shevchenko", "Wiśniewska",
            "Wójcik", "Zając", "Zieliński",
        ],
    },
    Origin {
        weight: 4,
        welsh: false,
        given: &[
            "Ana", "André", "Beatriz", "Björn", "Camille", "Chloé", "François", "Inês", "Ingrid", "João",
            "Jürgen", "José", "Luca", "Maëlle", "María", "Núria", "René", "Søren", "Zoë", "Åsa",
        ],
        family: &[
            "Álvarez", "Bergström", "Brandão", "Conti", "D'Angelo", "da Silva", "de la Cruz", "Ferreira",
            "García", "Gonçalves", "Hernández", "Jørgensen", "Lefèvre", "Müller", "Muñoz", "Noël",
            "Özdemir", "Rossi", "Schröder", "Weiß",
        ],
    },
    Origin {
        weight: 3,
        welsh: false,
        given: &[
            "Chi", "Hui", "Jun", "Lan", "Lị", "Mei", "Minh", "Nguyệt", "Phúc", "Thảo", "Wei", "Xin",
            "Ying",
        ],
        family: &[
            "Chan", "Chen", "Đặng", "Huang", "Lê", "Li", "Liu", "Nguyễn", "Phạm", "Trần", "Wang", "Wong",
        ],
    },
];

/// Lower-case ASCII letters and digits of a name: accents are dropped, ligatures written out, everything else
/// left away.
pub(super) fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => folded.push(letter),
            'á' | 'à' | 'â' | 'ã' | 'å' | 'ą' | 'ả' | 'ạ' | 'ầ' | 'ặ' => folded.push('a'),
            'ä' => folded.push('a'),
            'ç' | 'ć' | 'č' => folded.push('c'),
            'đ' => folded.push('d'),
            'é' | 'è' | 'ê' | 'ë' | 'ę' | 'ễ' | 'ệ' => folded.push('e'),
            'í' | 'î' | 'ï' | 'ị' => folded.push('i'),
            'ł' => folded.push('l'),
            'ñ' | 'ń' => folded.push('n'),
            'ó' | 'ô' | 'ö' | 'ø' | 'õ' => folded.push('o'),
            'ř' => folded.push('r'),
            'ś' | 'š' | 'ş' => folded.push('s'),
            'ß' => folded.push_str("ss"),
            'ú' | 'ü' | 'û' => folded.push('u'),
            'ŵ' => folded.push('w'),
            'ŷ' | 'ý' => folded.push('y'),
            'ż' | 'ź' | 'ž' => folded.push('z'),
            _ => {}
        }
    }
    folded
}

/// Every letter of the lists that [`fold`] would lose, for the test of its table.
#[cfg(test)]
pub(super) fn lost_letters() -> Vec<char> {
    let names = ORIGINS.iter().flat_map(|origin| origin.given.iter().chain(origin.family));
    let letters = names.flat_map(|name| name.chars()).filter(|letter| letter.is_alphabetic());
    letters.filter(|letter| fold(&letter.to_string()).is_empty()).collect()
}

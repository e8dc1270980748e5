//! "Did you mean": the word that was probably meant.

/// Longer than any word that a scenario knows; a megabyte in a key is not compared with anything.
const LONGEST_WORD: usize = 64;

/// The candidate nearest to `written`, if it is near enough to be a slip of the pen.
pub(crate) fn nearest<'a>(written: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace(['-', ' '], "_");
    let written = plain(written);
    let length = written.chars().count();
    if length > LONGEST_WORD {
        return None;
    }
    let allowed = (length / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(&written, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to add, drop, replace, or swap with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let keys = ["region", "pipeline", "patience", "default_drill"];
        assert_eq!(nearest("regoin", keys), Some("region"));
        assert_eq!(nearest("default-drill", keys), Some("default_drill"));
        assert_eq!(nearest("Pipeline", keys), Some("pipeline"));
        assert_eq!(nearest("patient", keys), Some("patience"));
        assert_eq!(nearest("version", keys), None);
        assert_eq!(nearest("at", ["to"]), None);
    }
}

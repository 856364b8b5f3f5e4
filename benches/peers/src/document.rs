//! Writes rows into a document, between two marks.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::server::Failure;

const BEGIN: &str = "<!-- compare: begin -->";
const END: &str = "<!-- compare: end -->";

/// `runs` are the names of the ways to compile, each with its rows, in the order of the columns.
pub fn write(document: &Path, facts: &[String], runs: &[(String, Vec<Value>)]) -> Result<(), Failure> {
    let old = std::fs::read_to_string(document)?;
    let (before, rest) = old.split_once(BEGIN).ok_or(format!("{}: no {BEGIN}", document.display()))?;
    let (_, after) = rest.split_once(END).ok_or(format!("{}: no {END}", document.display()))?;
    let new = format!("{before}{BEGIN}\n\n{}\n\n{}\n{END}{after}", facts.join("\\\n"), table(runs));
    Ok(std::fs::write(document, new)?)
}

/// One line for each work and peer, with three columns for each run.
pub fn table(runs: &[(String, Vec<Value>)]) -> String {
    let mut keys: Vec<(&str, &str)> = Vec::new();
    let mut found = BTreeMap::new();
    for (run, (_, rows)) in runs.iter().enumerate() {
        for row in rows {
            let key =
                (row["work"].as_str().unwrap_or_default(), row["peer_name"].as_str().unwrap_or_default());
            if !keys.contains(&key) {
                keys.push(key);
            }
            found.insert((key, run), row);
        }
    }
    let mut text = String::from("| work | beside | unit |");
    for (name, _) in runs {
        let _ = write!(text, " {name}: mtwire | beside it | ratio |");
    }
    text += " goal |\n|---|---|---|";
    text += &"---|---|---|".repeat(runs.len());
    text += "---|\n";
    for key in keys {
        let rows: Vec<_> = (0..runs.len()).map(|run| found.get(&(key, run)).copied()).collect();
        let any = |name| rows.iter().flatten().find_map(|row| row[name].as_str()).unwrap_or_default();
        let goal = rows.iter().flatten().find_map(|row| row["goal"].as_f64());
        let _ = write!(text, "| {} | {} | {} |", key.0, key.1, any("unit"));
        for row in &rows {
            let Some(row) = row else {
                text += " | | |";
                continue;
            };
            if let Some(note) = row["note"].as_str() {
                let _ = write!(text, " {note} | | |");
                continue;
            }
            let ratio = row["ratio"].as_f64();
            let missed = ratio.zip(goal).is_some_and(|(ratio, goal)| ratio < goal);
            let ratio = ratio.map(two_places).unwrap_or_default();
            let mark = if missed { "**" } else { "" };
            let _ =
                write!(text, " {} | {} | {mark}{ratio}{mark} |", figure(&row["ours"]), figure(&row["peer"]));
        }
        let _ = writeln!(text, " {} |", goal.map(|goal| goal.to_string()).unwrap_or_default());
    }
    text
}

fn two_places(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.2}") } else { format!("{ratio:.0}") }
}

fn figure(value: &Value) -> String {
    let Some(figure) = value.as_f64() else { return String::new() };
    let whole = format!("{figure:.0}");
    if figure.fract() != 0.0 && figure < 1000.0 {
        return figure.to_string();
    }
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

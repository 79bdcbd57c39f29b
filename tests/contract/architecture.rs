//! The folders of `shared/src`: each imports only the folders below it, and no module imports itself indirectly.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

/// The folders from bottom to top, in the order of `lib.rs`.
const FOLDERS: [&str; 7] = ["text", "domain", "platform", "outbound", "keys", "inbound", "lambda"];

/// The adapters. None of them may import another.
const ADAPTERS: [&str; 4] = ["authorizer", "events", "http", "rotation"];

fn root() -> PathBuf {
    tests::host::repository().join("shared/src")
}

/// The path of every source file below `shared/src`, and its text.
fn sources() -> Vec<(PathBuf, String)> {
    let (mut folders, mut files) = (vec![root()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    files
}

/// The folder and the module of a file. `inbound/http/body.rs` is in the folder `inbound` and the module `http`.
fn place(path: &Path) -> (String, String) {
    let parts: Vec<String> = path.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    (parts[0].clone(), parts.get(1).cloned().unwrap_or_default())
}

/// The modules of the same folder that a file names: with `super::` in a file of the folder, with `super::super::` one
/// level below.
fn neighbours(path: &Path, text: &str) -> BTreeSet<String> {
    let up = "super::".repeat(path.iter().count() - 1);
    let named = Regex::new(&format!(r"(?:^|[^:\w]){up}([a-z_]+)\b")).unwrap();
    named.captures_iter(text).map(|found| found[1].to_owned()).filter(|name| name != "super").collect()
}

#[test]
fn lib_rs_lists_the_folders_from_bottom_to_top() {
    let text = fs::read_to_string(root().join("lib.rs")).unwrap();
    let listed = Regex::new(r"(?m)^//! - \[`([a-z]+)`\]").unwrap();
    let listed: Vec<&str> = listed.captures_iter(&text).map(|found| found.get(1).unwrap().as_str()).collect();
    assert_eq!(listed, FOLDERS);
}

#[test]
fn a_folder_imports_only_folders_below_it() {
    let named = Regex::new(r"\bcrate::([a-z_]+)").unwrap();
    let mut wrong = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| path != Path::new("lib.rs")) {
        let level = |folder: &str| FOLDERS.iter().position(|known| *known == folder);
        let own = level(&place(path).0).unwrap_or_else(|| panic!("{} is in no folder", path.display()));
        for imported in named.captures_iter(text) {
            if level(&imported[1]).is_none_or(|imported| imported >= own) {
                wrong.push(format!("{} imports {}", path.display(), &imported[0]));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_adapter_imports_another() {
    for (path, text) in sources() {
        let (folder, module) = place(&path);
        if folder == "inbound" && ADAPTERS.contains(&module.as_str()) {
            let others = neighbours(&path, &text);
            let other = ADAPTERS.iter().find(|adapter| **adapter != module && others.contains(**adapter));
            assert_eq!(other, None, "{}", path.display());
        }
    }
}

#[test]
fn no_module_imports_itself_indirectly() {
    let mut imports: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (path, text) in sources().iter().filter(|(path, _)| path.iter().count() > 1) {
        let (folder, module) = place(path);
        let mut named = neighbours(path, text);
        named.remove(&module);
        imports.entry((folder, module)).or_default().extend(named);
    }
    for start in imports.keys() {
        let (folder, module) = start;
        let (mut reached, mut open) = (BTreeSet::new(), vec![module.clone()]);
        while let Some(next) = open.pop() {
            for imported in imports.get(&(folder.clone(), next)).into_iter().flatten() {
                assert_ne!(imported, module, "{folder}::{module} imports itself through {reached:?}");
                if reached.insert(imported.clone()) {
                    open.push(imported.clone());
                }
            }
        }
    }
}

//! The `console` blocks of a README, read as the steps that a person takes.
//!
//! A line that begins with `$ ` is a command, `> ` continues it, the lines below are what it prints, and `$ echo $?` says
//! with which code the command before it ended; any other command must succeed. A line `…` stands for any lines.

/// A command of a README, what it prints (empty where the README does not say), and the code that it ends with.
pub(crate) struct Step {
    pub(crate) line: String,
    pub(crate) printed: String,
    pub(crate) code: i32,
}

pub(crate) fn steps(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in blocks(readme, "console") {
        let mut lines = block.lines();
        // Output may begin with any character: only directly below a command is `> ` its continuation.
        let mut in_command = false;
        while let Some(line) = lines.next() {
            match line.strip_prefix("$ ") {
                Some("echo $?") => steps.last_mut().unwrap().code = lines.next().unwrap().parse().unwrap(),
                Some(command) => {
                    steps.push(Step { line: command.to_owned(), printed: String::new(), code: 0 });
                    in_command = true;
                }
                None => {
                    let step = steps.last_mut().unwrap();
                    match line.strip_prefix('>').filter(|_| in_command) {
                        Some(rest) => step.line += &format!("\n{}", rest.strip_prefix(' ').unwrap_or(rest)),
                        None => {
                            in_command = false;
                            step.printed += &format!("{line}\n");
                        }
                    }
                }
            }
        }
    }
    steps
}

/// The contents of the blocks with this fence.
pub(crate) fn blocks<'a>(text: &'a str, fence: &str) -> Vec<&'a str> {
    text.split(&format!("\n```{fence}\n")).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}
